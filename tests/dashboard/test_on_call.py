"""The people on call: the list a manager keeps, and who was told on the board."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.ids import new_id
from services.dashboard.rules.duty_turns import gaps
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
    endless = {"position": "0" * 4000 + "4"}, {"position": "1000"}, {"position": "9999999"}
    for wrong in (
        {"phone": "12"},
        {"phone": ""},
        {"position": "0"},
        {"name": " "},
        {"role": "king"},
        *endless,
    ):
        answer = browser.post("/staff/on-call", form | wrong)
        assert answer.status_code == 422
        assert "Nothing was changed." in answer.text
    assert calls == len([one for one in world.calls if one["method"] == "POST"])
    # What was refused comes back as it was typed, where it was typed, with the version that was seen.
    off_call = {name: said for name, said in form.items() if name != "on_call"}
    typed = off_call | {"phone": "12", "sites": ["paola", "liberty", "closed-site"], "position": ""}
    for action in ("/staff/on-call", f"/staff/on-call/{second['id']}/change"):
        page = browser.post(action, typed | {"version": "2"})
        opened = re.findall(r'<details class="more" open>.*?</form>', page.text, re.S)
        shown = opened[0] if opened else page.text[page.text.index("new-account") :]
        assert bool(opened) == action.endswith("/change")
        assert f'action="{action}"' in shown
        assert re.findall(r'value="([^"]*)" checked', shown) == ["liberty", "paola", "closed-site"]
        for name in ("name", "phone", "position"):
            assert re.search(rf'name="{name}"[^>]* value="{typed[name]}"', shown)
        assert re.search(r'value="provider" selected', shown)
        assert ('name="version" value="2"' in shown) == bool(opened)
        assert page.text.count("Dee Vik") == 1, "in no other form"
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


def test_a_gap_of_the_rota_is_told_and_turns_are_kept_on_the_clinics_clock(clinic: Dashboard) -> None:
    world = clinic.world
    begins, ends = world.now + timedelta(hours=2), world.now + timedelta(hours=30)

    def turn(start: datetime, end: datetime) -> dict[str, str]:
        return {"id": str(new_id()), "starts_at": start.isoformat(), "ends_at": end.isoformat()}

    now_on = turn(world.now - timedelta(hours=1), begins)
    ada = contact("Ada Lind", by_turns=True, turns=[now_on, turn(ends, world.now + timedelta(days=20))])
    ben = contact("Ben Okafor", position=2, by_turns=True, turns=[])
    desk = contact("Fay Ost", role="front_desk")
    world.extra["notify", "GET", "staff-contacts"] = {"items": [ada, ben, desk]}
    browser = clinic.signed_in("manager")
    page = browser.get("/staff/on-call")
    assert "The rota has gaps." in page.text
    assert page.text.count("from <b>") == 1, "the front desk is not asked to call back, so it fills no gap"
    assert "no turn to come" in page.text
    world.extra["notify", "POST", f"staff-contacts/{ada['id']}/turns"] = {"id": ada["id"]}
    world.extra["notify", "POST", f"staff-contacts/{ada['id']}/turns/{now_on['id']}/end"] = {"id": ada["id"]}
    action = f"/staff/on-call/{ada['id']}/turns"
    fields = browser.form_fields(page, action)
    typed = {"from": "2027-03-10T18:00", "to": "2027-03-11T08:00", "weeks": "2"}
    assert browser.post(action, fields | typed).status_code == 303
    assert world.calls[-1]["body"] == {
        "turns": [
            {"starts_at": "2027-03-10T18:00:00-06:00", "ends_at": "2027-03-11T08:00:00-06:00"},
            # The clocks went forward in between: the turn begins at the same time of day.
            {"starts_at": "2027-03-17T18:00:00-05:00", "ends_at": "2027-03-18T08:00:00-05:00"},
        ]
    }
    too_many = {"weeks": "27"}, {"weeks": "00199999999"}
    for wrong in (
        {"to": ""},
        {"to": "2027-03-10T17:00"},
        {"weeks": "0"},
        {"to": "2027-04-10T17:00"},
        *too_many,
    ):
        refused = browser.post(action, fields | typed | wrong)
        assert refused.status_code == 422
        assert "Nothing was changed." in refused.text
        (opened,) = re.findall(r'<details class="more" open>.*?</details>', refused.text, re.S)
        for name, said in (typed | wrong).items():
            assert re.search(rf'name="{name}"[^>]* value="{said}"', opened.split("</ul>")[1])
    end = f"{action}/{now_on['id']}/end"
    assert browser.post(end, browser.form_fields(page, end)).status_code == 303
    assert world.calls[-1]["headers"]["If-Match"] == '"3"'


def test_gaps_are_the_hours_in_which_nobody_is_on_call() -> None:
    start = datetime(2027, 3, 2, 12, tzinfo=UTC)

    def hours(*spans: tuple[int, int], on_call: bool = True) -> dict[str, Any]:
        at = [[(start + timedelta(hours=hour)).isoformat() for hour in span] for span in spans]
        turns = [{"starts_at": begins, "ends_at": ends} for begins, ends in at]
        return {"on_call": on_call, "by_turns": bool(spans), "turns": turns}

    def found(*people: dict[str, Any]) -> list[tuple[float, float]]:
        seen = gaps(people, start, start + timedelta(hours=24))
        return [
            ((one.begins - start) / timedelta(hours=1), (one.ends - start) / timedelta(hours=1))
            for one in seen
        ]

    assert found() == [(0, 24)]
    assert found(hours()) == [], "one who is always on call"
    assert found(hours(on_call=False)) == [(0, 24)]
    assert found(hours((-5, 6), (8, 30))) == [(6, 8)]
    assert found(hours((0, 6)), hours((5, 9), (20, 22))) == [(9, 20), (22, 24)]
    assert found(hours((0, 24), on_call=False), hours((3, 4))) == [(0, 3), (4, 24)]
