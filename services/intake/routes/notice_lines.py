"""A stored safety text as the lines a page shows, in the language the patient reads now."""

from services.intake.model import SafetyNotice
from services.intake.texts import safety_text


def notice_lines(notice: SafetyNotice, language: str) -> list[str]:
    """Return the title and the sentences of `notice`: word for word as stored, if stored in `language`.

    Whoever changes the language afterwards, or goes on in another one, gets the same text in that one: words
    about an emergency are of no use in a language the reader does not know. What was stored stays as it is.
    """
    if notice.language != language:
        return safety_text(notice.kind, language).split("\n")
    return (notice.text.reveal() if notice.text else "").split("\n")
