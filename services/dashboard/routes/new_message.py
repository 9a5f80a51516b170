"""A message that did not exist: a name, a way, and its words in both languages, checked before they can be used."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.actions.check_words import check_words
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.routes.desk import Desk, actor, staff_only
from services.dashboard.routes.message_editor import CHANNEL_NAMES, EDITS, LANGUAGE_NAMES
from services.dashboard.routes.refusals import show_away
from services.dashboard.rules.problem_words import field_words

Body = dict[str, Any]


def new_message_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of adding a message."""
    routes = Blueprint("new_message", __name__)

    @routes.get("/staff/texts/new")
    @staff_only(EDITS)
    def form() -> Any:
        return _page(desk, _written({}), {})

    @routes.post("/staff/texts/new")
    @staff_only(EDITS)
    def add() -> Any:
        written = _written(request.form)
        if request.form.get("press") != "publish":
            return _page(desk, written, _checked(desk, written))
        try:
            key = request.form.get("key", "")
            ask_owner(desk.owners, actor(), "notify", "/templates/new", written, key=key)
        except OwnerAway as away:
            return show_away(away, url_for("new_message.form"))
        except OwnerRefused as refusal:
            problems = {"name": refusal.title} if refusal.status == 409 else field_words(refusal.body)
            page = _page(desk, written, _checked(desk, written), problems=problems, refused=refusal.title)
            return page, refusal.status
        where = {"name": written["name"], "channel": written["channel"], "language": "en"}
        return redirect(url_for("message_editor.text", **where), 303)

    return routes


def _written(form: Any) -> Body:
    channel = form.get("channel", "sms")
    channel = channel if channel in CHANNEL_NAMES else "sms"
    made: Body = {"name": form.get("name", "").strip(), "channel": channel}
    for language in LANGUAGE_NAMES:
        made[language] = {
            "subject": form.get(f"{language}.subject", "").strip() if channel == "email" else "",
            "body": form.get(f"{language}.body", "").replace("\r\n", "\n").strip(),
        }
    return made


def _checked(desk: Desk, written: Body) -> dict[str, Body]:
    """What notify says of each language's words; words not written yet are not asked about."""
    found: dict[str, Body] = {}
    for language in LANGUAGE_NAMES:
        if not written[language]["body"]:
            continue
        template = {"name": "new", "channel": written["channel"], "language": language} | written[language]
        found[language] = check_words(desk.owners, actor(), template)
    return found


def _page(
    desk: Desk,
    written: Body,
    checked: dict[str, Body],
    *,
    problems: dict[str, str] | None = None,
    refused: str = "",
) -> str:
    # The placeholders are told with any check, also one of words nobody wrote.
    asked = {"name": "new", "channel": "sms", "language": "en", "body": "{clinic_name}"}
    answers = [*checked.values()]
    if not any("placeholders" in one or "late" in one for one in answers):
        answers.append(check_words(desk.owners, actor(), asked))
    return render_template(
        "new_message.html",
        written=written,
        checked=checked,
        placeholders=next((one["placeholders"] for one in answers if "placeholders" in one), {}),
        late=next((one["late"] for one in answers if "late" in one), ""),
        problems=problems or {},
        refused=refused,
    )
