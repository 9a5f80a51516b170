"""What must be true of messages: INV-2, 3, 4, 5, 7 and 9."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from chaos.evidence import Evidence, Message

FINAL = ("sent", "delivered", "failed", "suppressed", "expired", "held")
REASONED = ("failed", "suppressed", "expired", "held")
ENDED = ("delivered", "failed")
RANK = {"sending": 0, "unknown": 1, "sent": 2, "delivered": 3, "failed": 3}
# The confirmation of an opt-out is the one text that may follow it.
AFTER_OPT_OUT = ("opt_out_confirmed",)
# A person who texted a moment ago is awake: the answer to it may come at night (47 CFR 64.1200 is about our calls).
AT_ANY_HOUR = ("answer_to_own_text",)
US_CLOCKS = (
    "America/Puerto_Rico",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
    "Pacific/Guam",
)
DOUBT_SECONDS = 15 * 60.0
# The periodic job that opens the item comes round within this.
DOUBT_SLACK = 60.0


def accepted_at_most_once(evidence: Evidence) -> list[str]:
    """INV-2: one acceptance at most for each (visit version, step, channel), and none for no message of ours."""
    owner = _owners(evidence)
    accepted = Counter(
        owner[post.attempt].key for post in evidence.posts if post.accepted and post.attempt in owner
    )
    strangers = [f"accepted for no message: {p.attempt}" for p in evidence.posts if p.attempt not in owner]
    return [f"accepted {times} times: {key}" for key, times in accepted.items() if times > 1] + strangers


def none_after_opt_out(evidence: Evidence) -> list[str]:
    """INV-3: no text started to a number after its STOP was acknowledged."""
    owner = _owners(evidence)
    return [
        f"posted {post.at - evidence.opted_out[post.to]:.3f} s after the opt-out: {post.attempt}"
        for post in evidence.posts
        if post.channel == "sms"
        and post.at > evidence.opted_out.get(post.to, float("inf"))
        and (post.attempt not in owner or owner[post.attempt].key[2] not in AFTER_OPT_OUT)
    ]


def none_in_quiet_hours(evidence: Evidence) -> list[str]:
    """INV-4: no text outside 8:00-21:00 on the recipient's wall; on every US wall where nobody knows which."""
    owner = _owners(evidence)
    found = []
    for post in evidence.posts:
        message = owner.get(post.attempt)
        if post.channel != "sms" or (message is not None and message.exempt in AT_ANY_HOUR):
            continue
        moment = datetime.fromtimestamp(post.at, UTC) + evidence.offset_at(post.at)
        zone = evidence.zones.get(post.to, "")
        for name in (zone,) if zone else US_CLOCKS:
            local = moment.astimezone(ZoneInfo(name))
            if not time(8) <= local.time() < time(21):
                found.append(f"posted at {local:%H:%M} in {name}: {post.attempt}")
                break
    return found


def none_for_void_versions(evidence: Evidence) -> list[str]:
    """INV-5: no text started for a version of a visit after its move or cancel was heard."""
    owner = _owners(evidence)
    found = []
    for post in evidence.posts:
        message = owner.get(post.attempt)
        if post.channel != "sms" or message is None or message.key[1] is None:
            continue
        since = evidence.void_since.get((message.key[0], message.key[1]))
        if since is not None and post.at > since:
            found.append(f"posted for a void version {post.at - since:.3f} s later: {message.key}")
    return found


def _moot(message: Message) -> bool:
    """In doubt when its visit began: nobody asks any more. It stays unknown, and its reason says so."""
    return (message.state, message.reason) == ("unknown", "unknown_at_visit")


def every_message_accounted_for(evidence: Evidence) -> list[str]:
    """INV-7: each booking has its confirmation planned; each due message ended, with a reason, as the carrier says."""
    accepted = {post.attempt for post in evidence.posts if post.accepted}
    planned = {(message.key[0], message.key[1]) for message in evidence.messages}
    # A version that was void before its booking was heard has nothing to plan.
    wanted = [visit for visit in evidence.booked if visit not in evidence.void_since]
    found = [f"no message planned for {visit}" for visit in wanted if visit not in planned]
    for message in evidence.messages:
        taken = bool(message.attempts & accepted)
        if message.due and message.state not in (*FINAL, "unknown"):
            found.append(f"never ended: {message.key} {message.state}")
        if message.state in REASONED and not message.reason:
            found.append(f"no reason: {message.key} {message.state}")
        if message.state in ("sent", "delivered") and not taken:
            found.append(f"called {message.state}, never accepted: {message.key}")
        if message.state not in ("sent", "delivered", "failed", "unknown") and taken:
            found.append(f"accepted, called {message.state}: {message.key}")
        # Mail servers keep no list to ask. A carrier does, and a text it took is found in time.
        if message.state == "unknown" and message.key[3] == "sms" and (taken or not _moot(message)):
            found.append(f"still in doubt although the provider answers: {message.key}")
        if (
            message.state == "unknown"
            and not _moot(message)
            and message.doubted_for > DOUBT_SECONDS + DOUBT_SLACK
            and not message.item
        ):
            found.append(f"in doubt for {message.doubted_for:.0f} s and nobody was told: {message.key}")
    return found


def state_never_goes_back(evidence: Evidence) -> list[str]:
    """INV-9: what was sent, delivered or failed never becomes less; and no forged receipt was taken."""
    found = [f"a forged receipt was answered {status}" for status in evidence.forged if status != 403]
    for message, steps in evidence.moves.items():
        for before, after in steps:
            ended = before in ENDED and after != before
            # A send the provider denies having starts again: that is no receipt taken back.
            if ended or (RANK.get(before, 0) >= RANK["sent"] and RANK.get(after, 0) < RANK[before]):
                found.append(f"went back: {message} {before} -> {after}")
    return found


def _owners(evidence: Evidence) -> dict[str, Message]:
    owners: dict[str, Message] = defaultdict()
    for message in evidence.messages:
        for attempt in message.attempts:
            owners[attempt] = message
    return owners
