"""A questionnaire version can now be answered."""

from kernel.events import Contract


class QuestionnairePublished(Contract):
    """`questionnaire` is `canonical|version`; `variables` are the protocol variables it asks."""

    questionnaire: str
    variables: list[str]
