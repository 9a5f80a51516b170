"""A kind of visit as a form and back, and a cadence's steps as rows of a form and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.read_whole import read_whole

# How a message goes out: words, then the channels and whether all of them are used.
WAYS = (
    ("sms_email", "Text, e-mail if the text fails", ("sms", "email"), False),
    ("email_sms", "E-mail, text if the mail fails", ("email", "sms"), False),
    ("both", "Text and e-mail", ("sms", "email"), True),
    ("sms", "Text only", ("sms",), False),
    ("email", "E-mail only", ("email",), False),
)
MOMENTS = (
    ("booking", "when it is booked"),
    ("days_before", "days before the visit"),
    ("hours_before", "hours before the visit"),
    ("days_after", "days after the visit"),
)
AUDIENCES = (
    ("all", "everyone"),
    ("planned_ahead", "booked more than a day ahead"),
    ("high_risk", "booked ahead, missed a visit before"),
    ("short_notice", "booked for the same or next day"),
    ("attended", "those who came"),
    ("no_show", "those who did not come"),
)
_NUMBERS = (
    "minutes",
    "buffer_before",
    "buffer_after",
    "lead_minutes",
    "horizon_days",
    "alignment_minutes",
    "cutoff_minutes",
)
MOST_STEPS = 12


def read_visit(form: Mapping[str, Sequence[str]], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the visit type a posted form describes; what the form does not ask is kept from `before`."""

    def one(name: str) -> str:
        return next(iter(form.get(name) or [""])).strip()

    made: dict[str, Any] = {
        "id": str(before.get("id") or one("id")),
        "name": one("name"),
        "sms_name": one("sms_name") or "visit",
        "routes": _first_then(one("first_route"), form.get("routes") or ()),
        "room_kind": one("room_kind") or "exam",
        "whole_provider": one("whole_provider") != "shared",
        "first_visit": one("first_visit") != "follow_up",
        "active": one("active") != "no",
        "sites": list(form.get("sites") or ()),
        "providers": list(form.get("providers") or ()),
    }
    for name in _NUMBERS:
        number = read_whole(one(name), 999_999)
        made[name] = before.get(name) if number is None else number
    # An empty number is left out: the owner says that it is missing, or takes its usual.
    return {name: value for name, value in made.items() if value is not None}


def _first_then(first: str, others: Sequence[str]) -> list[str]:
    return [route for route in dict.fromkeys((first, *others)) if route]


def step_rows(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps as rows: each with `way`, the code of how it goes out."""
    rows = []
    for step in steps:
        channels, every = tuple(step.get("channels") or ()), bool(step.get("every_channel"))
        way = next((code for code, _, c, e in WAYS if c == channels and e == every), None)
        way = way or next((code for code, _, c, _e in WAYS if c == channels), "sms_email")
        rows.append({"exempt": "", "topic": "visit", "audience": "all", "at_hour": 10, **step, "way": way})
    return rows


def read_steps(
    form: Mapping[str, Sequence[str]], before: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the steps of a posted form, in the order shown. Rows taken out are left out; nothing else is lost."""
    kept = {str(step.get("step")): step for step in before}
    made = []
    for number in range(MOST_STEPS + 1):

        def one(name: str, number: int = number) -> str:
            return next(iter(form.get(f"{number}.{name}") or [""])).strip()

        if not one("moment") or one("out"):
            continue
        moment, audience = one("moment"), one("audience") or "all"
        channels, every = next(((c, e) for code, _, c, e in WAYS if code == one("way")), (("sms",), False))
        name = one("step") or f"{one('template')}_{number}"
        step = {
            "step": name,
            "moment": moment,
            "amount": 0 if moment == "booking" else _number(one("amount")),
            "at_hour": 10 if (hour := read_whole(one("at_hour"), 99)) is None else hour,
            "channels": list(channels),
            "every_channel": every,
            "template": one("template"),
            "audience": audience,
            "topic": str(
                kept.get(name, {}).get("topic") or ("follow_up" if moment == "days_after" else "visit")
            ),
            "exempt": str(kept.get(name, {}).get("exempt") or _exempt(moment)),
        }
        made.append(step)
    return made


def _exempt(moment: str) -> str:
    """The confirmation asked for and the same-day reminder stand outside the caps on messages."""
    return {"booking": "booking_confirmation", "hours_before": "same_day_reminder"}.get(moment, "")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def steps_words(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each step as one line: which message, when, to whom and how."""
    said = []
    for row in step_rows(steps):
        moment = str(row.get("moment"))
        words = dict(MOMENTS).get(moment, moment)
        amount = float(row.get("amount") or 0)
        if amount == 1:
            words = words.replace("days", "day").replace("hours", "hour")
        when = words if moment == "booking" else f"{amount:g} {words}"
        if moment.startswith("days"):
            when += f" at {row['at_hour']}:00"
        to = dict(AUDIENCES).get(str(row["audience"]), str(row["audience"]))
        way = next(one[1] for one in WAYS if one[0] == row["way"])
        message = str(row.get("template")).replace("_", " ").capitalize()
        said.append(f"{message} · {when} · {to} · {way}")
    return said


def new_step(steps: Sequence[Mapping[str, Any]], templates: Sequence[str]) -> dict[str, Any]:
    """Return one more step: a reminder a day before, under a name of its own."""
    taken = {str(step.get("step")) for step in steps}
    name = next(f"extra_{n}" for n in range(1, MOST_STEPS + 2) if f"extra_{n}" not in taken)
    template = "visit_reminder" if "visit_reminder" in templates else (list(templates) or [""])[0]
    return {
        "step": name,
        "moment": "days_before",
        "amount": 1,
        "at_hour": 10,
        "channels": ["sms", "email"],
        "every_channel": False,
        "template": template,
        "audience": "planned_ahead",
    }
