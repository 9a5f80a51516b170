"""The people on call: the list a manager keeps, and who was told on the board."""

from typing import Any

import pytest

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard


def contact(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "name": name,
        "role": "nurse",
        "sites": [],
        "phone": "+18165550180",
        "email": "a@clinic.example.test",
        "on_call": True,
        "position": 1,
        "version": 3,
        "unreadable": [],
        **more,
    }


@pytest.mark.capability("I12")
def test_a_manager_keeps_who_is_on_call_and_the_board_says_who_was_told(clinic: Dashboard) -> None:
    second, first = contact("Ben Okafor", position=2), contact("Ada Lind")
    off = contact("Cy Moss", role="manager", on_call=False)
    world = clinic.world
    world.extra["notify", "GET", "staff-contacts"] = {"items": [off, second, first]}
    browser = clinic.signed_in("manager")
    page = browser.get("/staff/on-call")
    assert page.text.index("Ada Lind") < page.text.index("Ben Okafor") < page.text.index("Cy Moss")
    # Off call, with the version that was seen; then changed, and a new one added.
    action = f"/staff/on-call/{first['id']}/off"
    world.extra["notify", "POST", f"staff-contacts/{first['id']}"] = {"id": first["id"]}
    world.extra["notify", "POST", "staff-contacts"] = {"id": str(new_id())}
    assert browser.post(action, browser.form_fields(page, action)).status_code == 303
    assert world.calls[-1]["body"] == {"on_call": False}
    assert world.calls[-1]["headers"]["If-Match"] == '"3"'
    form = {
        "name": "Dee Vik",
        "role": "provider",
        "phone": "(816) 555-0142",
        "email": "",
        "position": "4",
        "sites": ["paola"],
        "on_call": "yes",
    }
    added = {
        "name": "Dee Vik",
        "role": "provider",
        "phone": "+18165550142",
        "email": "",
        "position": 4,
        "sites": ["paola"],
        "on_call": True,
    }
    assert browser.post("/staff/on-call", form | {"key": str(new_id())}).status_code == 303
    assert world.calls[-1]["body"] == added
    calls = len([one for one in world.calls if one["method"] == "POST"])
    for wrong in ({"phone": "12"}, {"phone": ""}, {"position": "0"}, {"name": " "}, {"role": "king"}):
        answer = browser.post("/staff/on-call", form | wrong)
        assert answer.status_code == 422
        assert "Nothing was changed." in answer.text
    assert calls == len([one for one in world.calls if one["method"] == "POST"])
    assert clinic.signed_in("nurse").get("/staff/on-call").status_code == 403

    told, nobody, spent = (world.add_callback("Olena", family) for family in ("Varga", "Moss", "Reed"))
    person = {
        "name": "Ada Lind",
        "role": "nurse",
        "at": "2027-03-02T16:02:00+00:00",
        "this_time": True,
        "arrived": True,
    }
    waits = {"waits": True, "anybody_left": False, "next_at": None}
    world.extra["notify", "GET", "staff-alerts"] = {
        "items": [
            {
                **waits,
                "about_id": told["id"],
                "told": [person],
                "anybody_left": True,
                "next_at": "2027-03-02T16:17:00+00:00",
            },
            {**waits, "about_id": nobody["id"], "told": []},
            {**waits, "about_id": spent["id"], "told": [{**person, "arrived": False}]},
        ]
    }
    board = clinic.signed_in("nurse").get("/staff/callbacks").text
    cards = {name: board[board.index(name) :].split("</article>")[0] for name in ("Varga", "Moss", "Reed")}
    assert "told: <b>Ada Lind</b>, 10:02" in cards["Varga"]
    assert "Next person at 10:17" in cards["Varga"]
    assert "Nobody is on call" in cards["Moss"]
    assert "Nobody is on call" not in cards["Varga"]
    assert "Everyone on call was told" in cards["Reed"]
    assert "not reached" in cards["Reed"]
    world.away.add("notify")
    assert "Varga" in clinic.signed_in("nurse").get("/staff/callbacks").text
