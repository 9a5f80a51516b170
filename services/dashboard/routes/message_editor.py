"""Where managers change what messages say: check first, then publish a new version."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.actions.check_words import check_words
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.lists import read_list
from services.dashboard.routes.desk import Desk, actor, me, sent_version, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.roles import ADMIN, EVERYONE, MANAGER, THERAPIST

EDITS = frozenset({MANAGER, ADMIN})
CHANNEL_NAMES, LANGUAGE_NAMES = ("sms", "email"), ("en", "es")


def message_editor_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the editor of texts."""
    routes = Blueprint("message_editor", __name__)

    @routes.get("/staff/texts/<name>/<channel>/<language>")
    @staff_only(EVERYONE - {THERAPIST})
    def text(name: str, channel: str, language: str) -> Any:
        with opening("text"):
            versions = _versions(desk, name, channel, language)
        newest = versions[0]
        words = {"subject": newest.get("subject", ""), "body": newest["body"]}
        key = {"name": name, "channel": channel, "language": language}
        return _text_page(key, words, versions, check_words(desk.owners, actor(), key | words))

    @routes.post("/staff/texts/<name>/<channel>/<language>")
    @staff_only(EDITS)
    def change_text(name: str, channel: str, language: str) -> Any:
        here = url_for("message_editor.text", name=name, channel=channel, language=language)
        try:
            versions = _versions(desk, name, channel, language)
        except OwnerAway as away:
            return show_away(away, here)
        key = {"name": name, "channel": channel, "language": language}
        words = {
            "subject": request.form.get("subject", "").strip() if channel == "email" else "",
            "body": request.form.get("body", "").replace("\r\n", "\n").strip(),
        }
        press = request.form.get("press", "check")
        checked = check_words(desk.owners, actor(), key | words)
        if press == "plain" and checked.get("without_accents"):
            words["body"] = str(checked["without_accents"])
            checked = check_words(desk.owners, actor(), key | words)
        if press != "publish" or checked.get("refusals"):
            return _text_page(key, words, versions, checked), 422 if press == "publish" else 200
        try:
            ask_owner(
                desk.owners,
                actor(),
                "notify",
                "/templates",
                key | words,
                key=request.form.get("key", ""),
                version=sent_version(),
            )
        except OwnerAway as away:
            return show_away(away, here)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, here, "Publish")
        return redirect(here, 303)

    return routes


def _versions(desk: Desk, name: str, channel: str, language: str) -> list[dict[str, Any]]:
    if channel not in CHANNEL_NAMES or language not in LANGUAGE_NAMES or not name.replace("_", "").isalnum():
        raise not_found("text")
    try:
        found = read_list(desk.owners, actor(), "notify", f"/templates/{name}/{channel}/{language}")
    except OwnerRefused:
        raise not_found("text") from None
    if not found:
        raise not_found("text")
    return found


def _text_page(
    key: dict[str, str], words: dict[str, str], versions: list[dict[str, Any]], checked: dict[str, Any]
) -> str:
    # Checking the words reads no new version: what is replaced is what was seen when the page was opened.
    newest = {"version": versions[0]["version"], "subject": versions[0].get("subject", "")}
    seen: dict[str, Any] = newest | {"body": versions[0]["body"]}
    if request.method == "POST":
        seen = {"version": sent_version() or 0} | {
            name: request.form.get(f"seen_{name}", "") for name in ("subject", "body")
        }
    return render_template(
        "edit_text.html",
        template=key,
        words=words,
        versions=versions,
        seen=seen,
        checked=checked,
        may_edit=me().role in EDITS,
        changed=words["body"] != versions[0]["body"] or words["subject"] != versions[0].get("subject", ""),
    )
