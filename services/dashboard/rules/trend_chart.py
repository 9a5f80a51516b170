"""A score over time as a line: places of points, bands and labels in a small drawing, all reckoned here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 30, 14, 12, 22
LABELS_APART: Final = 34


@dataclass(frozen=True, slots=True)
class Spot:
    """One score in the drawing: `labelled` when its figure does not run into its neighbour's."""

    x: float
    y: float
    value: float
    at: str
    labelled: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws. `bands` are (y, name) of each band's lower edge; `verdict` says the change in words."""

    spots: tuple[Spot, ...]
    line: str
    bands: tuple[tuple[float, str], ...]
    ends: tuple[tuple[float, str], ...]
    verdict: str


def trend_chart(trend: Mapping[str, Any]) -> Chart:
    """Draw one instrument's points, oldest first, on the instrument's whole range: a small change looks small."""
    least, most = trend["range"]
    points: Sequence[Mapping[str, Any]] = trend["points"]
    times = [datetime.fromisoformat(str(point["at"])).timestamp() for point in points]
    first, last = min(times), max(times)

    def down(value: float) -> float:
        share = (min(max(value, least), most) - least) / ((most - least) or 1)
        return float(round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1))

    spots: list[Spot] = []
    shown = -1e9
    for point, moment in zip(points, times, strict=True):
        share = (moment - first) / (last - first) if last > first else 1.0
        x = round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)
        labelled = x - shown >= LABELS_APART or moment == last
        shown = x if labelled else shown
        value = float(point["value"])
        spots.append(Spot(x, down(value), value, str(point["at"]), labelled))
    return Chart(
        spots=tuple(spots),
        line=" ".join(f"{spot.x},{spot.y}" for spot in spots),
        bands=tuple(
            (down(band["least"]), str(band["name"])) for band in trend["bands"] if band["least"] > least
        ),
        ends=((down(least), f"{least:g}"), (down(most), f"{most:g}")),
        verdict=verdict(trend),
    )


def verdict(trend: Mapping[str, Any]) -> str:
    """The last score against the first in words; only a change that is known to matter is called one."""
    points = trend["points"]
    if len(points) < 2:
        return "One score so far."
    moved = float(points[-1]["value"]) - float(points[0]["value"])
    change = trend.get("change") or {}
    if not moved:
        return "As at the first time."
    said = f"{'Lower' if moved < 0 else 'Higher'} by {abs(moved):g} than at the first time"
    if not change:
        return f"{said}. From what change it matters is not known here."
    matters = abs(moved) >= float(change["points"])
    unsure = ", not checked at the source" if change.get("status") == "from_memory" else ""
    known = f"a change that matters is {change['points']:g} or more{unsure}"
    return f"{said}: {'enough to matter' if matters else 'less than matters'} ({known})."
