"""Who is at the browser: chosen language, a random device id, the links it brought and those it may go on with."""

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


def hold(link_id: UUID) -> None:
    """Remember that this browser brought a link's token: from now on addresses name the link, not the token."""
    _add("held", link_id)


def holds(link_id: UUID) -> bool:
    """True when this browser brought the link's token."""
    return str(link_id) in session.get("held", [])


def let_in(link_id: UUID) -> None:
    """Remember that this browser passed the birth date of a link, or made the link."""
    hold(link_id)
    _add("links", link_id)


def is_let_in(link_id: UUID) -> bool:
    """True when this browser passed the birth date of a link, or made the link."""
    return str(link_id) in session.get("links", [])


def at_kiosk() -> bool:
    """True on the clinic's own tablet: the visit ends by itself, and leaves nothing for the next person."""
    return bool(session.get("kiosk"))


def sit_at_kiosk() -> None:
    """Remember that this browser is the clinic's tablet, until `leave`."""
    session["kiosk"] = True


def last_link() -> str:
    """The handle of the link this browser went on with last; "" when there is none."""
    passed = session.get("links") or session.get("held") or [""]
    return str(passed[-1])


def leave() -> None:
    """Forget everything about this visit: the next person at this browser is nobody we know."""
    session.clear()


def _add(name: str, link_id: UUID) -> None:
    kept: list[Any] = [one for one in session.get(name, []) if one != str(link_id)]
    session[name] = [*kept, str(link_id)][-MOST_LINKS:]
