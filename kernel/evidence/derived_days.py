"""Numbers derived from two days: whole years, as for the age at the visit, and business days, as for a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from kernel.evidence.clauses import Clause, Network
from kernel.evidence.operators import Slots
from kernel.evidence.variables import NUMBERS

YEARS: Final = "years_between"
BUSINESS_DAYS: Final = "business_days_between"
DAY_KINDS: Final = frozenset({YEARS, BUSINESS_DAYS})
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A count stops here: counting is done day by day.
LONGEST: Final = timedelta(days=3_660)


def day_counter(network: Network, name: str, document: Mapping[str, Any], path: str) -> Callable[[], int]:
    """How a number is counted from the day ``from`` to the day ``to``: unknown without both, or when they run back.

    ``business_days_between`` names its own ``weekdays`` (Monday to Friday when absent) and the days it is
    ``closed_on``; the day it starts on does not count, the day it ends on does.
    """

    def compile_it() -> int:
        ends = []
        for key in ("from", "to"):
            source = document.get(key)
            variable = network.variables.get(source) if isinstance(source, str) else None
            if variable is None or variable.type != "date":
                return network.refuse(f"{path}.{key}", "unknown_variable", f"no date {source!r}")
            ends.append(network.inputs[variable.id])
        if network.variables[name].type not in NUMBERS:
            return network.refuse(f"{path}.id", "wrong_type", f"{name} is no number")
        count: Callable[[date, date], int] = years_between
        if document["kind"] == BUSINESS_DAYS:
            found = _business_days(network, document, path)
            if found is None:
                return network.refuse(path, "wrong_value", "weekdays and closed days cannot be read")
            count = found
        given, (begin, end) = network.inputs[name], ends
        highest = network.variables[name].maximum

        def value(s: Slots) -> Any:
            answer = s[given]
            if answer is not None:
                return answer
            first, last = s[begin], s[end]
            if first is None or last is None or last < first:
                return None
            counted = count(first, last)
            return counted if highest is None or counted <= highest else None

        return network.add(Clause("derived", (given, begin, end), value, {"variable": name}))

    return compile_it


def years_between(first: date, last: date) -> int:
    """Whole years; someone born on 29 February turns older on 1 March of other years."""
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def _business_days(
    network: Network, document: Mapping[str, Any], path: str
) -> Callable[[date, date], int] | None:
    named = document.get("weekdays", list(WEEKDAYS[:5]))
    closed = document.get("closed_on", [])
    if not isinstance(named, list) or not named or any(one not in WEEKDAYS for one in named):
        network.refuse(f"{path}.weekdays", "not_in_values", f"some of {', '.join(WEEKDAYS)} are needed")
        return None
    try:
        shut = frozenset(date.fromisoformat(one) for one in closed)
    except (TypeError, ValueError):
        network.refuse(f"{path}.closed_on", "wrong_value", "days written YYYY-MM-DD are needed")
        return None
    open_days = frozenset(WEEKDAYS.index(one) for one in named)

    def count(first: date, last: date) -> int:
        days = min(last - first, LONGEST).days
        following = (first + timedelta(days=number) for number in range(1, days + 1))
        return sum(1 for day in following if day.weekday() in open_days and day not in shut)

    return count
