"""Scores of instruments from answers: formulas are data with a version; a missing answer is never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.rules.form import Form, Items


@dataclass(frozen=True, slots=True)
class Score:
    """One score: `value` is None while too little is answered."""

    instrument: str
    version: str
    value: float | None
    band: str
    answered: int
    asked: int
    loinc: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "instrument": self.instrument,
            "version": self.version,
            "value": self.value,
            "band": self.band,
            "answered": self.answered,
            "asked": self.asked,
            "loinc": self.loinc,
        }


def score_all(form: Form, items: Items, instruments: Sequence[Mapping[str, Any]]) -> list[Score]:
    """Score every instrument that `form` asks in full; those it does not ask are left out."""
    return [
        score_one(form, items, instrument)
        for instrument in instruments
        if "items" in instrument and all(link_id in form.by_id for link_id in instrument["items"])
    ]


def score_one(form: Form, items: Items, instrument: Mapping[str, Any]) -> Score:
    """Sum or mean of an instrument's items; up to `may_miss` are prorated, more give no value."""
    points = [_points(form, link_id, items.get(link_id)) for link_id in instrument["items"]]
    given = [point for point in points if point is not None]
    asked, missing = len(points), len(points) - len(given)
    value: float | None = None
    if given and missing <= instrument.get("may_miss", 0):
        mean = sum(given) / len(given)
        value = round(mean, 2) if instrument["formula"] == "mean" else float(round(mean * asked))
    band = ""
    for name, least in instrument.get("bands", {}).items():
        if value is not None and value >= least:
            band = name
    return Score(
        instrument["id"], instrument["version"], value, band, len(given), asked, instrument.get("loinc_total")
    )


def _points(form: Form, link_id: str, value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        option = form.by_id[link_id].option(value)
        return option.score if option else None
    return None


def with_scores(
    form: Form, items: Items, instruments: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """`items` with the totals that instruments fill, and the scores with their formula versions."""
    scores = score_all(form, items, instruments)
    filled = dict(items)
    for instrument in instruments:
        target = str(instrument.get("fills", ""))
        if target in form.by_id:
            found = next((one for one in scores if one.instrument == instrument["id"]), None)
            if found is not None and found.value is not None:
                filled[target] = int(found.value)
            else:
                filled.pop(target, None)
    return filled, [score.as_json() for score in scores if score.answered]
