"""An e-mail template as the HTML it was compiled to when it was published."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.templates import Wording
from services.notify.texts.letter_html import compile_letter

COMPILED = (
    "SELECT html FROM compiled_letter WHERE name = :name AND language = :language AND version = :version"
)
# Versions never change, so a process reads each once. The words are part of the key: a restored database may differ.
_KEPT: dict[Wording, str] = {}
_MOST_KEPT = 500


def letter_html(session: Session, wording: Wording) -> str:
    """The compiled HTML of an e-mail's `wording`; the shipped ones are compiled at their first use."""
    kept = _KEPT.get(wording)
    if kept is None:
        key = {"name": wording.name, "language": wording.language, "version": wording.version}
        kept = session.scalar(text(COMPILED), key) or compile_letter(
            wording.subject, wording.body, wording.language
        )
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[wording] = kept
    return kept
