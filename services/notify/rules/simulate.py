"""What a visit would be sent, step by step, without a visit: the planner and the words, asked "what if"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notify.rules.cadence import AFTER_VISIT, Step
from services.notify.rules.compose import ClinicWords, ValueMissing, fill, visit_values
from services.notify.rules.plan import Planned, Reach, Visit, plan


@dataclass(frozen=True, slots=True)
class Simulated:
    """One message that would be planned; `text` and `subject` are "" when there are no words for it.

    `only_if`: the outcome of the visit ("attended", "no_show") it depends on, "" for messages before the visit.
    """

    planned: Planned
    text: str
    subject: str
    only_if: str


def simulate(
    facts: Mapping[str, Any],
    steps: Sequence[Step],
    reach: Mapping[str, Reach],
    *,
    time_zone: str,
    language: str,
    clinic: ClinicWords,
    words: Mapping[tuple[str, str], tuple[str, str]],
    no_shows: int = 0,
) -> list[Simulated]:
    """Plan the visit of `facts` (as in appointment_booked, with `changed_at`) as of its booking.

    `no_shows`: visits missed before. `words`: (template, channel) -> (subject, body) in `language`.
    """
    changed_at = datetime.fromisoformat(facts["changed_at"])
    visit = Visit(
        datetime.fromisoformat(facts["starts_at"]), changed_at, facts["site"]["time_zone"], no_shows
    )
    values = visit_values(clinic, facts, language, time_zone)
    result = []
    outcome = {step.step: step.audience for step in steps if step.audience in AFTER_VISIT}
    for planned in plan(visit, steps, reach, time_zone, changed_at):
        only_if = outcome.get(planned.step, "")
        subject, body = words.get((planned.template, planned.channel), ("", ""))
        try:
            result.append(Simulated(planned, fill(body, values), fill(subject, values), only_if))
        except ValueMissing:
            result.append(Simulated(planned, "", "", only_if))
    return result
