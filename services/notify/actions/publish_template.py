"""Publish a new version of a message's words. Earlier versions stay, and messages name the one they used."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.notify.queries.templates import Wording
from services.notify.texts.letter_html import compile_letter

# One writer a template at a time: versions are counted, not guessed.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(:name, 7))"
NEWEST = """
SELECT name, channel, language, version, subject, body FROM message_template
WHERE name = :name AND channel = :channel AND language = :language ORDER BY version DESC LIMIT 1
"""
PUBLISH = """
INSERT INTO message_template (name, channel, language, version, subject, body, published_by)
SELECT :name, :channel, :language, coalesce(max(version), 0) + 1, :subject, :body, :by FROM message_template
WHERE name = :name AND channel = :channel AND language = :language
RETURNING version
"""

COMPILE = (
    "INSERT INTO compiled_letter (name, language, version, html) VALUES (:name, :language, :version, :html)"
)


def publish_template(
    session: Session, actor: Actor, *, name: str, channel: str, language: str, subject: str, body: str
) -> int:
    """Store checked words as the next version and return its number; messages not yet sent will use it."""
    lock_words(session, name, channel, language)
    values = {
        "name": name,
        "channel": channel,
        "language": language,
        "subject": subject,
        "body": body,
        "by": actor.id,
    }
    version: int = session.execute(text(PUBLISH), values).scalar_one()
    if channel == "email":
        compiled = {"name": name, "language": language, "version": version}
        compiled["html"] = compile_letter(subject, body, language)
        session.execute(text(COMPILE), compiled)
    details = {"channel": channel, "language": language, "version": version}
    record(session, actor, "publish_template", "message_template", name, details=details)
    return version


def lock_words(session: Session, name: str, channel: str, language: str) -> Wording | None:
    """Return the words in force, None when there is no such message; nobody else publishes it until the commit."""
    session.execute(text(LOCK), {"name": f"{name}/{channel}/{language}"})
    row = session.execute(text(NEWEST), {"name": name, "channel": channel, "language": language}).first()
    return None if row is None else Wording(*row)
