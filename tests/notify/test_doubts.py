"""Sends in doubt reach staff in time however many they are, by cause, and leave the list when they are settled."""

from datetime import datetime, timedelta

from sqlalchemy import text

from kernel.ids import new_id
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing

API = "/api/notify/v1/call-list"
MANY = 300
COPY = """
INSERT INTO planned_message (id, patient_id, appointment_id, appointment_version, step, channel, topic,
    contact_point_id, language, template, planned_for, expires_at, state, reason, unknown_at, created_at, due_at)
SELECT gen_random_uuid(), patient_id, appointment_id, appointment_version, 'copy_' || n, 'email', topic,
    contact_point_id, language, template, planned_for, expires_at, 'unknown', :reason, :since, created_at, due_at
FROM planned_message, generate_series(1, :many) AS n WHERE id = :like
"""


def doubts(notify: Standing, like: object, many: int, reason: str) -> None:
    values = {"like": like, "many": many, "reason": reason, "since": TUESDAY_TEN}
    with notify.store.transaction() as session:
        session.execute(text(COPY.replace("copy_", f"{reason}_")), values)


def close(notify: Standing, group: dict[str, object], role: str = "front_desk") -> int:
    body = {
        "code": group["code"],
        "channel": group["channel"],
        "seen_until": group["last_at"],
        "outcome": "checked",
    }
    answer = notify.call("POST", f"{API}/doubts/close", role, body, **{"Idempotency-Key": str(new_id())})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["closed"])


def test_hundreds_at_once_are_all_told_in_one_tick_and_shown_by_cause(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    like = notify.messages(appointment_id=visit, step="booked", channel="sms")[0].id
    doubts(notify, like, MANY, "worker_lost")
    doubts(notify, like, 2, "timeout")
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=16))
    notify.jobs()
    (told,) = notify.rows("SELECT count(*) AS n FROM staff_item WHERE kind = 'unknown_send'")
    assert told.n == MANY + 2
    groups = notify.call("GET", f"{API}/doubts").json()["items"]
    assert [(group["code"], group["channel"], group["sends"]) for group in groups] == [
        ("worker_lost", "email", MANY),
        ("timeout", "email", 2),
    ]
    assert datetime.fromisoformat(groups[0]["next_visit_at"]) == TUESDAY_TEN + timedelta(days=9)
    assert notify.call("GET", f"{API}/doubts", "nurse@paola").json()["items"] == []
    assert close(notify, groups[0], "nurse@paola") == 0, "another site's"
    assert notify.call("GET", f"{API}?without=unknown_send").json()["items"] == []
    assert len(notify.call("GET", f"{API}?kind=unknown_send&limit=100").json()["items"]) == 100
    # What comes up after the page was read is not closed with it.
    doubts(notify, like, 1, "worker_lost_2")
    with notify.store.transaction() as session:
        session.execute(
            text("UPDATE planned_message SET reason = 'worker_lost' WHERE reason = 'worker_lost_2'")
        )
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=20))
    notify.jobs()
    assert close(notify, groups[0]) == MANY
    left = notify.call("GET", f"{API}/doubts").json()["items"]
    assert {group["code"]: group["sends"] for group in left} == {"timeout": 2, "worker_lost": 1}
    audited = notify.rows("SELECT count(*) AS n FROM audit_entry WHERE action = 'close_staff_item'")
    assert audited[0].n == MANY


def test_a_doubt_settled_after_all_leaves_the_list_by_itself(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    like = notify.messages(appointment_id=visit, step="booked", channel="sms")[0].id
    doubts(notify, like, 2, "timeout")
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=16))
    notify.jobs()
    with notify.store.transaction() as session:
        session.execute(
            text("UPDATE planned_message SET state = 'delivered', unknown_at = NULL WHERE step = 'timeout_1'")
        )
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=18))
    notify.jobs()
    assert [group["sends"] for group in notify.call("GET", f"{API}/doubts").json()["items"]] == [1]
    (closed,) = notify.rows("SELECT outcome, closed_by FROM staff_item WHERE state = 'closed'")
    assert (closed.outcome, closed.closed_by) == ("settled_delivered", "notify")


# What `deny_send` writes, and a second sending nobody saw the end of.
DENIED = "UPDATE planned_message SET state = 'due', reason = 'provider_denied', unknown_at = NULL WHERE step = 'lost_1'"
AGAIN = (
    "UPDATE planned_message SET state = 'unknown', reason = 'timeout', unknown_at = :at WHERE step = 'lost_1'"
)
ARRIVED = "UPDATE planned_message SET state = 'delivered', unknown_at = NULL WHERE step = 'lost_1'"


def test_a_message_denied_sent_again_and_in_doubt_again_is_before_staff_still(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    like = notify.messages(appointment_id=visit, step="booked", channel="sms")[0].id
    doubts(notify, like, 1, "lost")

    def tick(minutes: int, sql: str = "SELECT 1", **values: object) -> list[tuple[str, str]]:
        with notify.store.transaction() as session:
            session.execute(text(sql), values)
        notify.set_clock(TUESDAY_TEN + timedelta(minutes=minutes))
        notify.jobs()
        return [(row.state, row.outcome) for row in notify.rows("SELECT state, outcome FROM staff_item")]

    assert tick(16) == [("open", "")]
    assert tick(17, DENIED) == [("open", "")]
    assert tick(40, AGAIN, at=TUESDAY_TEN + timedelta(minutes=18)) == [("open", "")]
    assert [group["sends"] for group in notify.call("GET", f"{API}/doubts").json()["items"]] == [1]
    assert tick(41, ARRIVED) == [("closed", "settled_delivered")]


def test_a_second_doubt_is_before_staff_also_when_they_had_closed_the_first(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    like = notify.messages(appointment_id=visit, step="booked", channel="sms")[0].id
    doubts(notify, like, 1, "lost")
    at = [TUESDAY_TEN + timedelta(minutes=minutes) for minutes in (16, 20, 40, 41)]

    def tick(moment: datetime) -> list[tuple[str, str, int]]:
        notify.set_clock(moment)
        notify.jobs()
        items = notify.rows("SELECT state, code, version FROM staff_item WHERE kind = 'unknown_send'")
        return [(row.state, row.code, row.version) for row in items]

    assert tick(at[0]) == [("open", "lost", 1)]
    (group,) = notify.call("GET", f"{API}/doubts").json()["items"]
    assert close(notify, group) == 1
    # What they closed stays closed while nothing new is in doubt.
    assert tick(at[1]) == [("closed", "lost", 2)]
    for sql, values in ((DENIED, {}), (AGAIN, {"at": at[1] + timedelta(minutes=1)})):
        with notify.store.transaction() as session:
            session.execute(text(sql), values)
    assert tick(at[2]) == [("open", "timeout", 3)]
    assert tick(at[3]) == [("open", "timeout", 3)]
    told = notify.rows("SELECT action FROM audit_entry WHERE action LIKE '%_staff_item' ORDER BY at, id")
    assert [row.action for row in told] == ["open_staff_item", "close_staff_item", "open_staff_item"]
