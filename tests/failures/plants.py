"""Lies planted in a copy of a real run's evidence, one for each sentence the checker can say: it must say that one."""

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


def one_submission_acknowledged_twice(e: Evidence) -> Evidence:
    return replace(e, acknowledged=[*e.acknowledged, e.acknowledged[0]])


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


def taken_called_withdrawn(e: Evidence) -> Evidence:
    _, message = _accepted(e)
    withdrawn = replace(message, state="suppressed", reason="moved")
    return replace(e, messages=[withdrawn if one is message else one for one in e.messages])


def delivery_owed(e: Evidence) -> Evidence:
    return replace(e, owed=[("intake", "dead", 1)])


def never_drained(e: Evidence) -> Evidence:
    return replace(e, drained_in=None)


def receipt_taken_back(e: Evidence) -> Evidence:
    _, message = _accepted(e)
    return replace(e, moves={**e.moves, message.id: [*e.moves[message.id], ("delivered", "sent")]})


def sent_again_after_it_was_sent(e: Evidence) -> Evidence:
    _, message = _accepted(e)
    return replace(e, moves={**e.moves, message.id: [*e.moves[message.id], ("sent", "sending")]})


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


def closed_on_a_list(e: Evidence) -> Evidence:
    rows = [replace(one, state="closed") if one.id == e.worklist[0] else one for one in e.referrals]
    return replace(e, referrals=rows)


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


# What the checker must say of each.
PLANTS: dict[str, dict[Plant, str]] = {
    "INV-1": {
        submission_lost: "acknowledged and not there: ",
        answers_changed: "answers differ: ",
        submission_unaudited: "0 audit entries for submission ",
        event_forgotten: "0 events for submission ",
        referral_twice: "2 referrals of submission ",
        one_key_two_submissions: "submissions more than were ever tried",
        one_submission_acknowledged_twice: "two acknowledgements share submission ",
        client_gave_up: "not acknowledged: ",
    },
    "INV-2": {sent_twice: "accepted 2 times: ", sent_for_nothing: "accepted for no message: "},
    "INV-3": {after_opt_out: "s after the opt-out: "},
    "INV-4": {at_night: "posted at ", in_another_zone: "in Asia/Tokyo: "},
    "INV-5": {void_version: "posted for a void version "},
    "INV-6": {overbooked: " visits at "},
    "INV-7": {
        never_ended: "never ended: ",
        no_reason: "no reason: ",
        called_sent: "called sent, never accepted: ",
        booking_not_planned: "no message planned for ",
        doubt_untold: "and nobody was told: ",
        taken_called_moot: "still in doubt although the provider answers: ",
        taken_called_withdrawn: "accepted, called suppressed: ",
    },
    "INV-8": {delivery_owed: "owes 1 deliveries (dead)", never_drained: "after the last fault"},
    "INV-9": {
        receipt_taken_back: "went back: ",
        sent_again_after_it_was_sent: "sent -> sending",
        forgery_taken: "a forged receipt was answered 204",
    },
    "INV-10": {
        audit_edited: "referral: the chain breaks at seq ",
        audit_cut: "intake: the chain breaks at seq 2",
        audit_unsealed: "notify: 1 entries never sealed",
        move_unaudited: "moves without an audit entry: ",
    },
    "INV-11": {name_in_a_log: "intake-web.log:1"},
    "INV-12": {
        referral_on_no_list: "on no worklist: ",
        referral_on_two_lists: "shown 2 times: ",
        closed_on_a_list: "closed and still shown: ",
        clock_stands_still: "clock none in state ",
        counts_disagree: "counted as -1",
    },
    "INV-13": {
        red_flag_without_task: "red flag without a call-back: ",
        task_not_on_board: "call-back not on the board: ",
        board_late: "call-back not on the board after 5.2 s: ",
        false_alarm: "call-back without a red flag: ",
    },
    "INV-14": {process_down: "notify-worker is restarting", not_ready: "not ready "},
}
