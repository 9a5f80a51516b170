"""Numbers in forms that no page of ours wrote: refused or not counted, never a broken page."""

import pytest
from werkzeug.routing import BuildError

from kernel.ids import new_id
from kernel.read_whole import read_whole
from services.dashboard.rules.clause_form import edited
from services.dashboard.rules.form_conditions import read_conditions
from services.dashboard.rules.form_item import read_item
from services.dashboard.rules.item_fields import read_tie_break
from services.dashboard.rules.item_parts import without_part
from services.dashboard.rules.visit_form import read_steps
from tests.dashboard.conftest import Dashboard

#: A digit to `str.isdigit` and none to `int`; a decimal of another script; more digits than `int` takes.
NO_NUMBERS = ("²", "١٢", "9" * 5_000, "-1", "1e3", "0x1f", "")
FIELDS = ("version", "rank", "days", "options", "whens", "position", "weeks", "n", "0.at_hour", "minutes")


@pytest.mark.parametrize("typed", NO_NUMBERS)
def test_what_is_no_number_is_read_as_none(typed: str) -> None:
    assert read_whole(typed, 10**9) is None
    assert without_part({"raises": [{"id": "a"}]}, f"raise{typed}") == {"raises": [{"id": "a"}]}
    assert read_tie_break({"rank": [typed]}, {})["rank"] == 99
    assert read_conditions({"item": []}, {"whens": typed}, []) == []
    assert "answerOption" not in read_item({"type": "choice"}, {"options": typed}, "en")
    assert read_steps({"0.moment": ["booking"], "0.at_hour": [typed]}, [])[0]["at_hour"] == 10
    assert edited({"var": "x"}, f"remove:when.{typed}", {}) in ({"var": "x"}, {})


def test_a_number_is_read_up_to_its_bound() -> None:
    assert [read_whole(typed, 12, least=1) for typed in ("0", "1", " 12 ", "13", "012")] == [
        None,
        1,
        12,
        None,
        None,
    ]


def test_no_form_breaks_a_page(clinic: Dashboard) -> None:
    """Every form of the staff pages, posted with a version that is no number, by those who may use it."""
    pages = clinic.app.pages
    assert pages is not None
    adapter = pages.url_map.bind("localhost")
    malformed, broken = 0, []
    for rule in pages.url_map.iter_rules():
        view = pages.view_functions[rule.endpoint]
        roles = getattr(view, "staff_roles", None)
        if "POST" not in (rule.methods or ()) or not roles:
            continue
        try:
            path = adapter.build(
                rule.endpoint,
                {name: "notify" if name == "service" else str(new_id()) for name in rule.arguments},
                method="POST",
            )
        except BuildError:
            path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "1"), method="POST")
        browser = clinic.signed_in("manager" if "manager" in roles else sorted(roles)[0])
        answer = browser.post(path, {**dict.fromkeys(FIELDS, "²"), "key": str(new_id())})
        malformed += answer.status_code == 400
        if answer.status_code == 500:
            broken.append(path)
    assert broken == []
    assert malformed > 15, "the version was read, and nothing was asked of an owner"
