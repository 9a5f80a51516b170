"""Lies planted in a copy of a real run's evidence, one or more for each invariant: the checker must name each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from chaos import people
from chaos.evidence import Evidence, Message, Post

Plant = Callable[[Evidence], Evidence]


def _accepted(evidence: Evidence) -> tuple[Post, Message]:
    """A text that went out for a visit, and its message."""
    owner = {attempt: message for message in evidence.messages for attempt in message.attempts}
    return next(
        (post, owner[post.attempt])
        for post in evidence.posts
        if post.accepted and post.channel == "sms" and owner[post.attempt].key[1] is not None
    )


def _red(evidence: Evidence) -> str:
    return next(one.id for one in evidence.acknowledged if people.story(one.number) in people.RED)


def submission_lost(e: Evidence) -> Evidence:
    return replace(e, submissions=[row for row in e.submissions if row.id != e.acknowledged[0].id])


def answers_changed(e: Evidence) -> Evidence:
    first, *rest = e.submissions
    return replace(
        e, submissions=[replace(first, answers={**first.answers, "regions": ["elsewhere"]}), *rest]
    )


def submission_unaudited(e: Evidence) -> Evidence:
    return replace(e, submissions=[replace(row, audited=0) for row in e.submissions])


def event_forgotten(e: Evidence) -> Evidence:
    return replace(e, submissions=[replace(row, told=0) for row in e.submissions])


def referral_twice(e: Evidence) -> Evidence:
    return replace(e, referrals=[*e.referrals, replace(e.referrals[0], id="another")])


def one_key_two_submissions(e: Evidence) -> Evidence:
    more = [replace(row, id=f"{row.id}-again") for row in e.submissions]
    return replace(e, submissions=[*e.submissions, *more])


def client_gave_up(e: Evidence) -> Evidence:
    return replace(e, gave_up=["OutOfPatience: could not submit"])


def sent_twice(e: Evidence) -> Evidence:
    post, message = _accepted(e)
    again = replace(message, attempts=message.attempts | {"second"})
    messages = [again if one is message else one for one in e.messages]
    return replace(e, messages=messages, posts=[*e.posts, replace(post, attempt="second", at=post.at + 1)])


def sent_for_nothing(e: Evidence) -> Evidence:
    return replace(e, posts=[*e.posts, replace(_accepted(e)[0], attempt="of no message")])


def after_opt_out(e: Evidence) -> Evidence:
    post, _ = _accepted(e)
    return replace(e, opted_out={**e.opted_out, post.to: post.at - 0.001})


def at_night(e: Evidence) -> Evidence:
    return replace(e, offsets=[(0.0, e.offsets[0][1] + timedelta(hours=12))])


def in_another_zone(e: Evidence) -> Evidence:
    post, _ = _accepted(e)
    return replace(e, zones={**e.zones, post.to: "Asia/Tokyo"})


def void_version(e: Evidence) -> Evidence:
    post, message = _accepted(e)
    assert message.key[1] is not None
    return replace(e, void_since={**e.void_since, (message.key[0], message.key[1]): post.at - 0.001})


def overbooked(e: Evidence) -> Evidence:
    visit = e.visits[0]
    crowd = [replace(visit, id=f"crowd-{n}", overbooked=False) for n in range(e.seats[visit.provider] + 1)]
    return replace(e, visits=[*e.visits, *crowd])


def never_ended(e: Evidence) -> Evidence:
    stuck = Message("m", ("visit", 1, "1_day", "sms"), "due", "", True, frozenset())
    return replace(e, messages=[*e.messages, stuck])


def no_reason(e: Evidence) -> Evidence:
    silent = Message("m", ("visit", 1, "1_day", "sms"), "expired", "", True, frozenset())
    return replace(e, messages=[*e.messages, silent])


def called_sent(e: Evidence) -> Evidence:
    lie = Message("m", ("visit", 1, "1_day", "sms"), "sent", "", True, frozenset())
    return replace(e, messages=[*e.messages, lie])


def booking_not_planned(e: Evidence) -> Evidence:
    return replace(e, booked=[*e.booked, ("a visit nobody heard of", 1)])


def doubt_untold(e: Evidence) -> Evidence:
    key = ("visit", 1, "1_day", "email")
    doubt = Message("m", key, "unknown", "", True, frozenset({"a"}), doubted_for=1200.0)
    return replace(e, messages=[*e.messages, doubt])


def taken_called_moot(e: Evidence) -> Evidence:
    """A text the carrier has, given up as "never known" when its visit began."""
    _, message = _accepted(e)
    moot = replace(message, state="unknown", reason="unknown_at_visit")
    return replace(e, messages=[moot if one is message else one for one in e.messages])


def delivery_owed(e: Evidence) -> Evidence:
    return replace(e, owed=[("intake", "dead", 1)])


def never_drained(e: Evidence) -> Evidence:
    return replace(e, drained_in=None)


def receipt_taken_back(e: Evidence) -> Evidence:
    _, message = _accepted(e)
    return replace(e, moves={**e.moves, message.id: [*e.moves[message.id], ("delivered", "sent")]})


def forgery_taken(e: Evidence) -> Evidence:
    return replace(e, forged=[*e.forged, 204])


def audit_edited(e: Evidence) -> Evidence:
    rows = list(e.audit["referral"])
    middle = len(rows) // 2
    rows[middle] = replace(rows[middle], content={**rows[middle].content, "reason": "something else"})
    return replace(e, audit={**e.audit, "referral": rows})


def audit_cut(e: Evidence) -> Evidence:
    return replace(e, audit={**e.audit, "intake": [e.audit["intake"][0], *e.audit["intake"][2:]]})


def audit_unsealed(e: Evidence) -> Evidence:
    return replace(e, unsealed={**e.unsealed, "notify": 1})


def move_unaudited(e: Evidence) -> Evidence:
    first, *rest = e.referrals
    return replace(e, referrals=[replace(first, audited_moves=()), *rest])


def name_in_a_log(e: Evidence) -> Evidence:
    return replace(e, canaries=[("intake-web.log:1", people.patient(1)["family_name"])])


def referral_on_no_list(e: Evidence) -> Evidence:
    return replace(e, worklist=e.worklist[1:])


def referral_on_two_lists(e: Evidence) -> Evidence:
    return replace(e, worklist=[*e.worklist, e.worklist[0]])


def clock_stands_still(e: Evidence) -> Evidence:
    return replace(e, referrals=[replace(one, clock="none") for one in e.referrals])


def counts_disagree(e: Evidence) -> Evidence:
    return replace(e, tally={**e.tally, "needs_triage": -1})


def red_flag_without_task(e: Evidence) -> Evidence:
    return replace(e, callbacks=[one for one in e.callbacks if one != _red(e)])


def task_not_on_board(e: Evidence) -> Evidence:
    return replace(e, board=[one for one in e.board if one != _red(e)])


def board_late(e: Evidence) -> Evidence:
    return replace(e, board_sights=[*e.board_sights, (_red(e), False, 5.2)])


def false_alarm(e: Evidence) -> Evidence:
    calm = next(one.id for one in e.acknowledged if people.story(one.number) not in people.RED)
    return replace(e, callbacks=[*e.callbacks, calm])


def process_down(e: Evidence) -> Evidence:
    return replace(e, unwell=["notify-worker is restarting"])


def not_ready(e: Evidence) -> Evidence:
    return replace(e, ready_in=None)


PLANTS: dict[str, tuple[Plant, ...]] = {
    "INV-1": (
        submission_lost,
        answers_changed,
        submission_unaudited,
        event_forgotten,
        referral_twice,
        one_key_two_submissions,
        client_gave_up,
    ),
    "INV-2": (sent_twice, sent_for_nothing),
    "INV-3": (after_opt_out,),
    "INV-4": (at_night, in_another_zone),
    "INV-5": (void_version,),
    "INV-6": (overbooked,),
    "INV-7": (never_ended, no_reason, called_sent, booking_not_planned, doubt_untold, taken_called_moot),
    "INV-8": (delivery_owed, never_drained),
    "INV-9": (receipt_taken_back, forgery_taken),
    "INV-10": (audit_edited, audit_cut, audit_unsealed, move_unaudited),
    "INV-11": (name_in_a_log,),
    "INV-12": (referral_on_no_list, referral_on_two_lists, clock_stands_still, counts_disagree),
    "INV-13": (red_flag_without_task, task_not_on_board, board_late, false_alarm),
    "INV-14": (process_down, not_ready),
}
