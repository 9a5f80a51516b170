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
        score_one(form, items, instrument, asked)
        for instrument in instruments
        if "items" in instrument and (asked := asked_items(form, instrument)) is not None
    ]


def asked_items(form: Form, instrument: Mapping[str, Any]) -> list[str] | None:
    """linkIds of the instrument's items in `form`, by our own names or by LOINC code; None when one is missing."""
    if all(link_id in form.by_id for link_id in instrument["items"]):
        return list(instrument["items"])
    found = [form.link_ids_by_loinc.get(code) for code in instrument.get("loinc_items", ())]
    return [one for one in found if one] if found and all(found) else None


def score_one(form: Form, items: Items, instrument: Mapping[str, Any], link_ids: Sequence[str]) -> Score:
    """Sum or mean of an instrument's items; up to `may_miss` are prorated, more give no value."""
    points = [_points(form, link_id, items.get(link_id)) for link_id in link_ids]
    given = [point for point in points if point is not None]
    asked, missing = len(points), len(points) - len(given)
    value: float | None = None
    if given and missing <= instrument.get("may_miss", 0):
        mean = sum(given) / len(given)
        value = round(mean, 2) if instrument["formula"] == "mean" else float(round(mean * asked))
    return Score(
        instrument["id"],
        instrument["version"],
        value,
        band_of(instrument, value),
        len(given),
        asked,
        instrument.get("loinc_total"),
    )


def band_of(instrument: Mapping[str, Any], value: float | None) -> str:
    """The name of the band `value` falls in; "" below the first, or without a value."""
    band = ""
    for name, least in instrument.get("bands", {}).items():
        if value is not None and value >= least:
            band = name
    return band


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
        target = _total_of(form, instrument)
        if target in form.by_id:
            found = next((one for one in scores if one.instrument == instrument["id"]), None)
            if found is not None and found.value is not None:
                filled[target] = int(found.value)
            else:
                filled.pop(target, None)
    return filled, [score.as_json() for score in scores if score.answered]


def filled_by_scores(form: Form, instruments: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """linkIds of questions whose answer is the total of an instrument."""
    return frozenset(_total_of(form, instrument) for instrument in instruments) & frozenset(form.by_id)


def _total_of(form: Form, instrument: Mapping[str, Any]) -> str:
    """linkId of the question that holds the total: ours, or the one with LOINC's code for it that nobody answers."""
    own = str(instrument.get("fills", ""))
    if own in form.by_id or "items" not in instrument:
        return own
    found = form.link_ids_by_loinc.get(str(instrument.get("loinc_total")), "")
    if found in (asked_items(form, instrument) or ()):
        return ""
    item = form.by_id.get(found)
    return found if item is not None and item.kind in ("integer", "decimal") else ""
