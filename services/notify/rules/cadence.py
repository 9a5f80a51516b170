"""A cadence: which messages a visit gets and when, read from its stored form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

CHANNELS = ("sms", "email")
# What a patient can agree to, per channel.
PATIENT_TOPICS = ("visit", "follow_up", "outreach", "waitlist")
TOPICS = PATIENT_TOPICS
# People who work here or sent us the patient: no patient's consent and no cap is about them.
PROFESSIONAL_TOPICS = ("staff", "referrer")
Moment = Literal["booking", "days_before", "hours_before", "days_after"]
MOMENTS: tuple[Moment, ...] = ("booking", "days_before", "hours_before", "days_after")
Audience = Literal["all", "short_notice", "planned_ahead", "high_risk", "attended", "no_show"]
AUDIENCES: tuple[Audience, ...] = (
    "all",
    "short_notice",
    "planned_ahead",
    "high_risk",
    "attended",
    "no_show",
)
# Planned only once it is known what became of the visit.
AFTER_VISIT: tuple[Audience, ...] = ("attended", "no_show")
EXEMPTIONS = ("", "booking_confirmation", "same_day_reminder", "correction")


class BadCadence(ValueError):
    """A stored or offered cadence is not usable; the message names the step and the field."""


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a cadence.

    `moment` and `amount` say when ("days_before" 3); `at_hour` is the recipient's local hour for day steps.
    `every_channel` sends on all of `channels`, otherwise the first that can be used is taken and the next only if
    it fails. `audience`: visits booked for the same or the next day are "short_notice"; "high_risk" are those planned
    ahead by a patient who missed a visit before (rules/plan.py); "attended" and "no_show" are
    planned when the outcome is known.
    """

    step: str
    moment: Moment
    amount: float
    at_hour: int
    channels: tuple[str, ...]
    every_channel: bool
    topic: str
    template: str
    exempt: str
    audience: Audience


def read_steps(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return the steps of a stored cadence; raises `BadCadence`."""
    steps = tuple(_read_step(number, given) for number, given in enumerate(stored))
    names = [step.step for step in steps]
    if not steps or len(steps) > 12:
        raise BadCadence("steps: 1 to 12")
    if len(set(names)) != len(names):
        raise BadCadence("steps: name twice")
    return steps


def _read_step(number: int, given: Mapping[str, Any]) -> Step:
    def refuse(field: str) -> BadCadence:
        return BadCadence(f"steps.{number}.{field}")

    try:
        step = Step(
            step=given["step"],
            moment=given["moment"],
            amount=float(given.get("amount", 0)),
            at_hour=int(given.get("at_hour", 10)),
            channels=tuple(given["channels"]),
            every_channel=bool(given.get("every_channel", False)),
            topic=given.get("topic", "visit"),
            template=given["template"],
            exempt=given.get("exempt", ""),
            audience=given.get("audience", "all"),
        )
    except KeyError as missing:
        raise refuse(str(missing.args[0])) from None
    except (TypeError, ValueError):
        raise refuse("value") from None
    if not isinstance(step.step, str) or not step.step.replace("_", "").isalnum() or len(step.step) > 40:
        raise refuse("step")
    allowed: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
        ("moment", step.moment, MOMENTS),
        ("topic", step.topic, TOPICS),
        ("exempt", step.exempt, EXEMPTIONS),
        ("audience", step.audience, AUDIENCES),
    )
    for field, value, values in allowed:
        if value not in values:
            raise refuse(field)
    if (step.moment == "days_after") != (step.audience in AFTER_VISIT):
        raise refuse("audience")
    if not step.channels or any(channel not in CHANNELS for channel in step.channels):
        raise refuse("channels")
    if not 0 <= step.amount <= 400 or not 8 <= step.at_hour < 21:
        raise refuse("amount")
    return step
