"""One line of the table, and the table."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """A measurement: `figure` in `unit`; `ratio` to the bare limit `against` of the same run, when there is one."""

    id: str
    what: str
    figure: float
    unit: str
    ratio: float | None = None
    against: str = ""
    target: str = ""
    met: bool | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def as_table(results: list[Result]) -> str:
    """Return the results as a Markdown table."""
    rows = [("id", "what", "figure", "ratio to limit", "target", "met", "besides")]
    for result in results:
        ratio = "" if result.ratio is None else f"{result.ratio:.2f} of {result.against}"
        met = {True: "yes", False: "no", None: ""}[result.met]
        besides = ", ".join(f"{name} {_short(value)}" for name, value in result.more.items())
        rows.append(
            (
                result.id,
                result.what,
                f"{_short(result.figure)} {result.unit}",
                ratio,
                result.target,
                met,
                besides,
            )
        )
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)
