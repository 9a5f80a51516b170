"""What a replayed draft asks of each site, against the visits it can still give within what is promised."""

from collections.abc import Mapping
from typing import Any

# Days in which each class is seen; P2 is the next open day.
PROMISED_DAYS = {"P1": 1, "P2": 1, "P3": 7, "P4": 14, "P5": 28}

#: site -> route -> priority -> [cases before, cases after]
Demand = Mapping[str, Mapping[str, Mapping[str, list[int]]]]


def capacity_rows(
    demand: Demand, free: Mapping[str, tuple[str, Mapping[str, Mapping[str, int]]]], days: int
) -> list[dict[str, Any]]:
    """Return a row for each site, route and promise that cases of the replay fall under, worst shortfall first.

    `free`: route -> (visit type, site -> priority -> free first visits before that promise ends). `needed_*` are the
    cases with that promise or a shorter one, scaled from the `days` replayed to the days promised: an estimate that
    takes the past as typical and leaves seasons and waiting lists out.
    """
    rows = []
    for site, routes in demand.items():
        for route, classes in routes.items():
            if route not in free:
                continue
            visit_type, by_site = free[route]
            place = {"site": site, "route": route, "visit_type": visit_type}
            rows += [{**place, **row} for row in _by_promise(classes, by_site.get(site), days)]
    return sorted(rows, key=lambda row: (-row["short_after"], row["site"], row["route"], row["priority"]))


def _by_promise(
    classes: Mapping[str, list[int]], free: Mapping[str, int] | None, days: int
) -> list[dict[str, Any]]:
    rows = []
    for priority, window in PROMISED_DAYS.items():
        if priority not in classes:
            continue
        before, after = (
            sum(
                cases[place] * window / days
                for other, cases in classes.items()
                if PROMISED_DAYS.get(other, window + 1) <= window
            )
            for place in (0, 1)
        )
        slots = None if free is None else free.get(priority, 0)
        rows.append(
            {
                "priority": priority,
                "promised_days": window,
                "cases_before": classes[priority][0],
                "cases_after": classes[priority][1],
                "needed_before": round(before, 1),
                "needed_after": round(after, 1),
                "free": slots,
                "short_before": _short(before, slots),
                "short_after": _short(after, slots),
            }
        )
    return rows


def _short(needed: float, free: int | None) -> float:
    """Visits that could not be given in time; 0 where the site is not known and nothing can be said."""
    return 0.0 if free is None else round(max(0.0, needed - free), 1)
