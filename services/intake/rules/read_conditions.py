"""enableWhen, read against the questions it asks: an answer that can be compared, or a name for why it cannot."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from services.intake.rules import fhir_words as fhir
from services.intake.rules.form import Condition, Option

_ORDERING: Final = frozenset({">", "<", ">=", "<="})
_NUMBERS: Final = frozenset({"Decimal", "Integer"})
#: Item type -> kinds of answer[x] that its answers can be compared with.
_COMPARABLE: Final[Mapping[str, frozenset[str]]] = {
    "boolean": frozenset({"Boolean"}),
    "decimal": _NUMBERS,
    "integer": _NUMBERS,
    "quantity": _NUMBERS | {"Quantity"},
    "date": frozenset({"Date", "DateTime"}),
    "dateTime": frozenset({"Date", "DateTime"}),
    "time": frozenset({"Time"}),
    "reference": frozenset({"Reference", "String"}),
    **dict.fromkeys(("string", "text", "url"), frozenset({"String"})),
    **dict.fromkeys(("choice", "open-choice"), frozenset({"Coding", "String"})),
}


class Known(Protocol):
    """What reading a condition needs of the reading of a whole document."""

    dropped: set[str]
    kinds: dict[str, str]
    options: dict[str, tuple[Option, ...]]

    def refuse(self, path: str, code: str) -> None:
        """Note a refusal."""


def read_conditions(raw: Mapping[str, Any], path: str, known: Known) -> tuple[Condition, ...]:
    """The conditions of one item; broken ones are refused with their path."""
    found = []
    listed = raw.get("enableWhen") or ()
    for index, entry in enumerate(listed):
        at = f"{path}.enableWhen[{index}]"
        question = entry.get("question")
        if question is None:
            known.refuse(f"{at}.question", "missing")
        elif known.kinds.get(question, "group") in ("group", "display"):
            known.refuse(f"{at}.question", "no_such_question")
        elif entry.get("operator") not in fhir.OPERATORS:
            known.refuse(f"{at}.operator", "not_in_values")
        else:
            condition = _condition(entry, at, question, known)
            found += [condition] if condition else []
    behavior = raw.get("enableBehavior")
    if behavior not in (None, "all", "any"):
        known.refuse(f"{path}.enableBehavior", "not_in_values")
    elif len(listed) > 1 and behavior is None:
        known.refuse(f"{path}.enableBehavior", "missing")
    return tuple(found)


def _condition(entry: Mapping[str, Any], at: str, question: str, known: Known) -> Condition | None:
    operator = str(entry["operator"])
    key = next((key for key in entry if key.startswith("answer")), None)
    answer = fhir.value_of(entry, "answer")
    if key is None or answer is None:
        known.refuse(f"{at}.answer", "missing")
        return None
    if operator == "exists":
        if not isinstance(answer, bool):
            known.refuse(f"{at}.answer", "wrong_type")
            return None
        return Condition(question, operator, answer)
    given, wanted = key.removeprefix("answer"), known.kinds[question]
    if options := known.options.get(question, ()):
        return _on_options(entry, operator, question, options, known)
    if given not in _COMPARABLE.get(wanted, frozenset()) or (operator in _ORDERING and wanted == "boolean"):
        known.dropped.add(f"enableWhen: {given} {operator} on {wanted}, never true")
    if given == "Quantity":
        amount = answer["value"]
        if amount is None:
            known.refuse(f"{at}.answerQuantity.value", "missing")
            return None
        return Condition(question, operator, amount, unit=str(answer["unit"]))
    return Condition(question, operator, answer)


def _on_options(
    entry: Mapping[str, Any], operator: str, question: str, options: tuple[Option, ...], known: Known
) -> Condition:
    """A condition on a question with listed answers: on the option meant, or by number for ordered options."""
    coding = entry.get("answerCoding")
    answer = fhir.value_of(entry, "answer")
    if operator in _ORDERING:
        if not all(option.kind in ("Integer", "Date", "Time") for option in options):
            known.dropped.add(f"enableWhen: {operator} on answers to choose from, never true")
        return Condition(question, operator, answer, ordered=True)
    if coding is not None:
        system, code = coding.get("system"), coding.get("code")
        fitting = [one for one in options if code in (one.own_code, one.code)]
        exact = [one for one in fitting if system is None or one.system == system]
        meant = (exact or fitting)[:1]
    else:
        said = str(answer)
        meant = [one for one in options if one.code == said or said in one.text.values()][:1]
    if meant:
        return Condition(question, operator, meant[0].code)
    if known.kinds[question] != "open-choice":
        known.dropped.add("enableWhen: an answer the question does not offer")
    return Condition(question, operator, answer)
