"""The words in force."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

IN_FORCE = """
SELECT DISTINCT ON (name, channel, language) name, channel, language, version, subject, body
FROM message_template ORDER BY name, channel, language, version DESC
"""


@dataclass(frozen=True, slots=True)
class Wording:
    """One template version."""

    name: str
    channel: str
    language: str
    version: int
    subject: str
    body: str


Templates = dict[tuple[str, str, str], Wording]


def wording_for(templates: Templates, name: str, channel: str, language: str) -> Wording | None:
    """The words in `language`, else the English ones; None when there are neither."""
    return templates.get((name, channel, language)) or templates.get((name, channel, "en"))


def templates_in_force(session: Session) -> Templates:
    """The newest version of every template, by name, channel and language."""
    rows = session.execute(text(IN_FORCE))
    return {(row.name, row.channel, row.language): Wording(*row) for row in rows}
