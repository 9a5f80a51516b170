"""Scores over time on the case page: drawn, said in words, and as a table; only for those who see answers."""

from typing import Any

import pytest

from services.dashboard.rules.trend_chart import HEIGHT, TOP, trend_chart, verdict
from tests.dashboard.conftest import Dashboard


def trend(*values: float, **more: Any) -> dict[str, Any]:
    points = [
        {"at": f"2026-0{n + 1}-03T15:00:00+00:00", "value": value, "band": "moderate", "version": "1"}
        for n, value in enumerate(values)
    ]
    return {
        "instrument": "nprs",
        "name": "Pain now (NPRS)",
        "range": [0, 10],
        "bands": [
            {"name": "none", "least": 0},
            {"name": "moderate", "least": 4},
            {"name": "severe", "least": 7},
        ],
        "change": {"points": 2, "status": "seen", "source": "Childs 2005"},
        "loinc": "72514-3",
        "source": "Childs 2005",
        "status": "seen",
        "points": points,
        **more,
    }


@pytest.mark.capability("C8")
def test_the_case_page_draws_scores_for_those_who_see_answers(clinic: Dashboard) -> None:
    row = clinic.world.add_referral("Berit", "Vik", {"age_years": 44, "nprs_now": 7})
    path = f"patients/{row['patient_id']}/scores"
    clinic.world.extra["intake", "GET", path] = {"items": [trend(8, 7, 4)]}
    page = clinic.signed_in("nurse").get(f"/staff/referrals/{row['id']}").text
    assert "Scores over time" in page
    assert 'aria-label="Pain now (NPRS): 8 on' in page
    assert "Lower by 4 than at the first time: enough to matter" in page
    assert page.count('<circle class="dot"') == 3
    assert "<td>moderate</td>" in page
    assert "LOINC 72514-3" in page
    assert "style=" not in page[page.index("Scores over time") :]
    desk = clinic.signed_in("front_desk").get(f"/staff/referrals/{row['id']}").text
    assert "Scores over time" not in desk


def test_places_are_on_the_instruments_whole_range() -> None:
    chart = trend_chart(trend(0, 10, 5))
    low, high, middle = chart.spots
    assert low.y > middle.y > high.y == TOP
    assert low.x < high.x < middle.x
    assert [name for _, name in chart.bands] == ["moderate", "severe"]
    assert all(0 < spot.y < HEIGHT for spot in chart.spots)
    (alone,) = trend_chart(trend(3)).spots
    assert alone.labelled


@pytest.mark.parametrize(
    ("values", "more", "said"),
    [
        ((5,), {}, "One score so far."),
        ((5, 5), {}, "As at the first time."),
        (
            (5, 4),
            {},
            "Lower by 1 than at the first time: less than matters (a change that matters is 2 or more).",
        ),
        (
            (5, 7),
            {"change": {"points": 2, "status": "from_memory"}},
            "Higher by 2 than at the first time: enough to matter (a change that matters is 2 or more, not checked at the source).",
        ),
        (
            (2, 4),
            {"change": None},
            "Higher by 2 than at the first time. From what change it matters is not known here.",
        ),
    ],
)
def test_a_change_is_called_one_only_where_that_is_known(
    values: tuple[float, ...], more: dict[str, Any], said: str
) -> None:
    assert verdict(trend(*values, **more)) == said
