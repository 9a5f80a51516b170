"""Who is at the browser: chosen language, a random device id, and the links whose birth date was given here."""

import secrets
from typing import Any
from uuid import UUID

from flask import request, session

from services.intake.texts import LANGUAGES

MOST_LINKS = 20


def language() -> str:
    """The language of this visit: `?lang=`, else the one chosen before, else the browser's, else English."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        session["lang"] = asked
        return str(asked)
    if session.get("lang") in LANGUAGES:
        return str(session["lang"])
    return request.accept_languages.best_match(LANGUAGES) or "en"


def device() -> str:
    """A random id of this browser, so that only the browser that gave an answer is shown it again."""
    if "device" not in session:
        session["device"] = secrets.token_urlsafe(9)
    return str(session["device"])


def device_kind() -> str:
    """phone or desktop, from the browser's own word; for figures on where patients give up."""
    return "phone" if "Mobi" in request.headers.get("User-Agent", "") else "desktop"


def let_in(link_id: UUID) -> None:
    """Remember that this browser passed the birth date of a link."""
    passed: list[Any] = [one for one in session.get("links", []) if one != str(link_id)]
    session["links"] = [*passed, str(link_id)][-MOST_LINKS:]


def is_let_in(link_id: UUID) -> bool:
    """True when this browser passed the birth date of a link, or made the link."""
    return str(link_id) in session.get("links", [])
