"""What must be true of patients' requests, referrals, visits and red flags: INV-1, 6, 12 and 13."""

from collections import Counter

from chaos import people
from chaos.evidence import Evidence
from local.demo.stories import STORIES

# state -> what its clock does (docs/decisions/0030-referral-states.md); states that are not here are closed.
CLOCKS = {
    "received": "run",
    "needs_triage": "run",
    "waiting_on_patient": "pause",
    "deferred": "pause",
    "accepted": "run",
    "to_book": "run",
    "booked": "stop",
    "arrived": "stop",
    "attended": "stop",
}
BOARD_SECONDS = 5.0


def submissions_kept_once(evidence: Evidence) -> list[str]:
    """INV-1: each acknowledged submission exists once, with these answers, its audit and outbox rows, one referral."""
    stored = {row.id: row for row in evidence.submissions}
    heard = Counter(referral.submission_id for referral in evidence.referrals)
    ids = [one.id for one in evidence.acknowledged]
    found = [f"not acknowledged: {why}" for why in evidence.gave_up]
    found += [f"two acknowledgements share submission {one}" for one, n in Counter(ids).items() if n > 1]
    for one in evidence.acknowledged:
        row = stored.get(one.id)
        if row is None:
            found.append(f"acknowledged and not there: {one.id}")
            continue
        sent = STORIES[people.story(one.number)]
        different = [name for name, value in sent.items() if _set(row.answers.get(name)) != _set(value)]
        if different:
            found.append(f"answers differ: {one.id} {' '.join(different)}")
        if row.audited != 1:
            found.append(f"{row.audited} audit entries for submission {one.id}")
        if row.told != 1:
            found.append(f"{row.told} events for submission {one.id}")
        if heard[one.id] != 1:
            found.append(f"{heard[one.id]} referrals of submission {one.id}")
    extra = len(stored) - len(evidence.tried_keys)
    if extra > 0:
        found.append(f"{extra} submissions more than were ever tried")
    return found


def nothing_over_capacity(evidence: Evidence) -> list[str]:
    """INV-6: at no visit's start has its provider more visits than can be taken at once."""
    found = []
    by_provider: dict[str, list[tuple[float, int]]] = {}
    for visit in evidence.visits:
        if not visit.overbooked:
            steps = by_provider.setdefault(visit.provider, [])
            steps += [(visit.starts_at, 1), (visit.ends_at, -1)]
    for provider, steps in by_provider.items():
        at_once = 0
        for at, step in sorted(steps):
            at_once += step
            if at_once > evidence.seats.get(provider, 0):
                found.append(f"{provider} has {at_once} visits at {at:.0f}")
                break
    return found


def each_referral_in_one_queue(evidence: Evidence) -> list[str]:
    """INV-12: every open referral is shown once on the worklist, its clock does what its state says, counts agree."""
    shown = Counter(evidence.worklist)
    found = [f"shown {times} times: {one}" for one, times in shown.items() if times > 1]
    counted: Counter[str] = Counter()
    for referral in evidence.referrals:
        clock = CLOCKS.get(referral.state)
        if clock is None:
            if shown[referral.id]:
                found.append(f"closed and still shown: {referral.id}")
            continue
        counted[referral.state] += 1
        if not shown[referral.id]:
            found.append(f"on no worklist: {referral.id} {referral.state}")
        if referral.clock != clock or not referral.has_due:
            found.append(f"clock {referral.clock} in state {referral.state}: {referral.id}")
    for state in CLOCKS:
        if evidence.tally.get(state, 0) != counted[state]:
            found.append(f"{counted[state]} referrals {state}, counted as {evidence.tally.get(state, 0)}")
    return found


def red_flags_on_the_board(evidence: Evidence) -> list[str]:
    """INV-13: a call-back exists for each acknowledged red flag and for nothing else, and was seen within 5 s."""
    red = {one.id for one in evidence.acknowledged if people.story(one.number) in people.RED}
    calm = {one.id for one in evidence.acknowledged} - red
    tasks = set(evidence.callbacks)
    found = [f"red flag without a call-back: {one}" for one in sorted(red - tasks)]
    found += [f"call-back without a red flag: {one}" for one in sorted(calm & tasks)]
    found += [f"call-back not on the board: {one}" for one in sorted(red & tasks - set(evidence.board))]
    found += [
        f"call-back not on the board after {seconds:.1f} s: {one}"
        for one, shown, seconds in evidence.board_sights
        if not shown and seconds > BOARD_SECONDS
    ]
    return found


def _set(value: object) -> object:
    """Several choices of one question have no order."""
    return frozenset(value) if isinstance(value, list) else value
