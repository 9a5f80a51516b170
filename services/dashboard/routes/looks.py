"""What every template may call: icons, tags, times in words, and the things in the frame around a page."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from kernel.ids import new_id
from services.dashboard.queries.case import flag_name
from services.dashboard.rules import (
    clauses,
    deeds,
    lint_findings,
    message_words,
    sentences,
    story,
    times,
    variables,
    words,
)
from services.dashboard.rules.derived_form import derived_words
from services.dashboard.rules.identifier_kinds import system_words
from services.dashboard.rules.navigation import PAGES, pages_for
from services.dashboard.rules.ranking_form import ranking_words
from services.dashboard.rules.review_form import review_words
from services.dashboard.rules.roles import ROLE_NAMES


def add_looks(pages: Flask, clinic_name: str, *, show_clock: bool) -> None:
    """Add filters and globals to the templates of `pages`."""
    env = pages.jinja_env
    env.filters.update(
        plain=words.plain,
        when=_when,
        clock=_clock,
        day=_day,
        moment_or_words=_moment_or_words,
        due=_due,
        since=_since,
        value=variables.value_words,
        code=clauses.code_words,
        person=person_name,
        phone=phone_words,
        system=system_words,
        lower_day=lower_day,
        weekday=times.weekday_words,
        why=message_words.why,
        why_open=message_words.why_open,
        shown_state=message_words.shown_state,
        wished_time=message_words.wished_time,
    )
    env.globals.update(
        clinic_name=clinic_name,
        show_clock=show_clock,
        icon=icon,
        tag=tag,
        priority_chip=priority_chip,
        new_key=lambda: str(new_id()),
        form_key=_form_key,
        label_of=variables.label_of,
        finding_words=lint_findings.words_of,
        flag_name=flag_name,
        tell=story.tell,
        sentence_of=sentences.sentence_of,
        tie_break_words=sentences.tie_break_words,
        derived_words=derived_words,
        review_words=review_words,
        ranking_words=ranking_words,
        clause_lines=clauses.lines,
        answers_behind=clauses.answers_behind,
        status=words.status,
        ROUTES=words.ROUTES,
        PRIORITIES=words.PRIORITIES,
        CHANNELS=words.CHANNELS,
        LANGUAGES=words.LANGUAGES,
        STEPS=words.STEPS,
        SHORT_DAY_NAMES=times.SHORT_DAY_NAMES,
        ROLE_NAMES=ROLE_NAMES,
        DEEDS=deeds.DEEDS,
        NEEDS_NOTE=deeds.NEEDS_NOTE,
        age_of=age_of,
        here=_here,
        own_sites=own_sites,
        with_query=_with_query,
    )
    pages.context_processor(_frame)


def icon(name: str, label: str = "") -> Markup:
    """Return a USWDS sprite icon; without a label it is decoration and hidden from screen readers."""
    address = url_for("library_file", library="uswds", name="img/sprite.svg")
    said = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704 - the parts are escaped or fixed
        f'<svg class="icon" {said} focusable="false"><use href="{escape(address)}#{escape(name)}"></use></svg>'
    )


def tag(table: str, code: object) -> Markup:
    """Return a status as colour, icon and word together."""
    shown = words.status(table, code)
    return Markup('<span class="tag tag--{}">{}{}</span>').format(shown.tone, icon(shown.icon), shown.words)


def priority_chip(code: object) -> Markup:
    """Return a priority as a small square chip."""
    shown = words.status("priority", code)
    return Markup('<span class="chip chip--{}" title="{}">{}</span>').format(
        shown.tone, shown.words, str(code or "–")
    )


def person_name(patient: Any) -> str:
    """Return "Family, Given" from whichever fields an owner sent."""
    if not isinstance(patient, dict):
        return "Name not known"
    family, given = patient.get("family_name"), patient.get("given_name")
    if family or given:
        return ", ".join(part for part in (family, given) if part)
    return str(patient.get("name") or "Name not known")


def phone_words(number: object) -> str:
    """Return a US number in E.164 as (816) 555-0142; any other as it is."""
    text = str(number or "")
    if len(text) == 12 and text.startswith("+1"):
        return f"({text[2:5]}) {text[5:8]}-{text[8:]}"
    return text


def age_of(patient: Any) -> str:
    """Return the patient's age in years as text, or ""."""
    if not isinstance(patient, dict):
        return ""
    if isinstance(patient.get("age"), int):
        return str(patient["age"])
    age = times.age_on(str(patient.get("birth_date", "")), times.local(_now()).date())
    return "" if age is None else str(age)


def _now() -> datetime:
    moment = g.get("business_now")
    assert isinstance(moment, datetime)
    return moment


def _form_key() -> Markup:
    """What every form that does something carries: the token against forgery, and the key it is done once under."""
    return Markup(
        '<input type="hidden" name="csrf_token" value="{}"><input type="hidden" name="key" value="{}">'
    ).format(generate_csrf(), new_id())


def _when(value: object, zone: str = times.CLINIC_ZONE) -> str:
    moment = times.parse_time(value) if not isinstance(value, datetime) else value
    return times.when(moment, _now(), zone or times.CLINIC_ZONE) if moment else "–"


def _clock(value: object, zone: str = times.CLINIC_ZONE) -> str:
    moment = times.parse_time(value) if not isinstance(value, datetime) else value
    return times.clock_time(moment, zone or times.CLINIC_ZONE) if moment else "–"


def _day(value: object, zone: str = times.CLINIC_ZONE) -> str:
    moment = times.parse_time(value) if not isinstance(value, datetime) else value
    if moment is None:
        return "–"
    return times.day_words(times.local(moment, zone or times.CLINIC_ZONE).date(), times.local(_now()).date())


def _moment_or_words(value: object) -> str:
    """A moment as day and time, any other code as its words: for what differs between two versions."""
    return _when(value) if times.parse_time(value) else words.plain(value)


def own_sites(sites: dict[str, str]) -> dict[str, str]:
    """Return those of `sites` the signed-in person works at: the others they may name, but not act at."""
    staff = g.get("staff")
    if staff is None or not staff.sites:
        return sites
    return {code: name for code, name in sites.items() if code in staff.sites}


def _due(value: object) -> times.Due | None:
    moment = times.parse_time(value)
    return times.due_in(moment, _now()) if moment else None


def _since(value: object) -> str:
    moment = times.parse_time(value)
    return times.span(_now() - moment) if moment else "–"


def _here(endpoint: str) -> bool:
    now = request.endpoint or ""
    if now in {page.endpoint for page in PAGES}:
        return now == endpoint
    return now.startswith(endpoint.split(".", maxsplit=1)[0])


def _with_query(**changes: str) -> str:
    """Return this page's address with some filters changed; an empty value takes the filter away."""
    kept = {**request.args.to_dict(), **changes}
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{request.path}?{query}" if query else request.path


def _frame() -> dict[str, Any]:
    staff = g.get("staff")
    return {
        "staff": staff,
        "navigation": pages_for(staff.role) if staff else [],
        "business_now": g.get("business_now"),
    }


def lower_day(text: str) -> str:
    """Return "today 9:05 am" for the middle of a sentence; a weekday keeps its capital."""
    return text[:1].lower() + text[1:] if text.startswith(("Today", "Tomorrow", "Yesterday")) else text
