"""Reads what a run left behind: three databases, the worklist, the logs outside, and the history."""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil

from chaos import people
from chaos.clinic import WORKING, Clinic
from chaos.evidence import (
    Acknowledged,
    AuditRow,
    Evidence,
    Message,
    Post,
    StoredReferral,
    StoredSubmission,
    Visit,
)
from chaos.history import History
from chaos.traffic import INTAKE, REFERRAL, every_item
from kernel.keyring import Keyring
from kernel.timings import CANARY_STALE_SECONDS
from local import keys
from local.supervisor import STACK_MARK

ON_ITS_WAY_SECONDS = 30
CANARY = re.compile(rb"(?i)zzkanari\d*|\b1?816(?:201|601)\d{4}\b")
# Words that tell what a visit is about; none may stand in a text (clinical/reference.md §6.2).
HEALTH_WORDS = re.compile(
    r"(?i)headache|migraine|\bpain|neurolog|spine|dolor|cefalea|migra|physical therapy|fisioter"
)
ATTEMPT_ID = re.compile(rb"^Message-ID:\s*<([0-9a-f-]{36})@", re.MULTILINE | re.IGNORECASE)


def gather(clinic: Clinic, history: History, drained_in: float | None, ready_in: float | None) -> Evidence:
    """Return the evidence of a run whose clinic is still up and at rest."""
    hands = clinic.hands()
    worklist = [row["id"] for row in every_item(hands, "referral", f"{REFERRAL}/referrals")]
    tally = hands.get("referral", f"{REFERRAL}/referrals", limit="1").body["counts"]
    board = [t["submission_id"] for t in every_item(hands, "intake", f"{INTAKE}/callback-tasks")]
    # Looking is audited too; the sealer comes round every second.
    clinic.wait_for(lambda: not any(_unsealed(clinic).values()), 30)
    # The carriers' logs right after the messages: what came due meanwhile would be called sent, and accepted nowhere.
    messages = _messages(clinic)
    posts = [*_texts(clinic), *_letters(clinic)]
    return Evidence(
        acknowledged=[Acknowledged(e["key"], e["id"], e["number"]) for e in history.events("submitted")],
        tried_keys={e["key"] for e in history.events("submitting")},
        submissions=list(_submissions(clinic)),
        referrals=list(_referrals(clinic)),
        worklist=worklist,
        tally=tally,
        callbacks=[str(r[0]) for r in clinic.rows("intake", "SELECT submission_id FROM callback_task")],
        board=board,
        board_sights=[(e["submission"], e["shown"], e["seconds"]) for e in history.events("board")],
        booked=[(e["appointment"], e["version"]) for e in history.events("booked")],
        visits=_visits(clinic),
        seats=dict(
            clinic.rows(
                "referral",
                "SELECT provider_id, count(*) FROM seat WHERE provider_id IS NOT NULL AND NOT overbook"
                " GROUP BY provider_id",
            )
        ),
        posts=posts,
        messages=messages,
        moves=_moves(clinic),
        opted_out=_first(history, "stopped", "phone"),
        void_since=_void_since(clinic, history),
        zones=_zones(history),
        offsets=[(e["since"], timedelta(seconds=e["offset"])) for e in history.events("clock")],
        owed=[
            (service, state, count)
            for service in WORKING
            for state, count in clinic.rows(
                service, "SELECT state, count(*) FROM event_delivery WHERE state <> 'done' GROUP BY state"
            )
        ],
        drained_in=drained_in,
        audit={service: _chain(clinic, service) for service in WORKING},
        unsealed=_unsealed(clinic),
        canaries=[*_canaries(clinic), *_told_too_much(posts)],
        ready_in=ready_in,
        unwell=_unwell(clinic),
        forged=[status for e in history.events("struck") for status in e.get("forged", ())],
        gave_up=[e["why"] for e in history.events("gave_up")],
    )


def _submissions(clinic: Clinic) -> Iterator[StoredSubmission]:
    file = keys.data_keys_file(clinic.places.secrets, "intake")
    ring = Keyring.from_json(file.read_text(encoding="utf-8"))
    rows = clinic.rows(
        "intake",
        "SELECT s.id::text, s.content_sealed, (SELECT count(*) FROM audit_entry a WHERE a.subject_kind = 'submission'"
        " AND a.subject_id = s.id::text AND a.action IN ('submit_answers', 'stop_submission')),"
        " (SELECT count(*) FROM outbox_event e WHERE e.type = 'intake_submitted' AND e.subject = s.id::text)"
        " FROM submission s WHERE s.state IN ('submitted', 'stopped')",
    )
    for id_, sealed, audited, told in rows:
        content = json.loads(ring.decrypt(bytes(sealed), f"intake.submission.content_sealed.{id_}"))
        yield StoredSubmission(id_, content["answers"], audited, told)


def _referrals(clinic: Clinic) -> Iterator[StoredReferral]:
    moves, audited = defaultdict(list), defaultdict(list)
    for id_, deed in clinic.rows("referral", "SELECT referral_id::text, deed FROM referral_move"):
        moves[id_].append(deed)
    for id_, action in clinic.rows(
        "referral", "SELECT subject_id, action FROM audit_entry WHERE subject_kind = 'referral'"
    ):
        audited[id_].append(action.removesuffix("_referral"))
    for id_, submission, state, clock, due in clinic.rows(
        "referral", "SELECT id::text, submission_id::text, state, clock, due_at IS NOT NULL FROM referral"
    ):
        yield StoredReferral(id_, submission or "", state, clock, due, tuple(moves[id_]), tuple(audited[id_]))


def _visits(clinic: Clinic) -> list[Visit]:
    return [
        Visit(*row)
        for row in clinic.rows(
            "referral",
            "SELECT id::text, provider_id, extract(epoch FROM starts_at)::float8,"
            " extract(epoch FROM ends_at)::float8, overbooked FROM appointment WHERE state <> 'cancelled'",
        )
    ]


def _texts(clinic: Clinic) -> list[Post]:
    """Every POST the carrier took in; accepted are as many of an attempt's as it kept messages with that attempt.

    What it answered does not count: it may have been killed, or its disk full, between keeping and answering.
    """
    posts: list[dict[str, Any]] = []
    kept: Counter[str] = Counter()
    for event in carrier_log(clinic):
        if event["event"] == "post":
            posts.append(event)
        elif event["event"] == "message" and event["direction"] == "outbound-api":
            kept[_attempt_in(event["status_callback"])] += 1
    found = []
    for post in posts:
        attempt = _attempt_in(post["status_callback"])
        accepted = kept[attempt] > 0
        kept[attempt] -= accepted
        url = post["status_callback"] or ""
        found.append(Post(attempt, "sms", post["to"], _unix(post["at"]), accepted, post["body"], url))
    return found


def _attempt_in(url: str | None) -> str:
    return parse_qs(urlsplit(url or "").query).get("a", [""])[0]


def carrier_log(clinic: Clinic) -> Iterator[dict[str, Any]]:
    """The carrier's own log, oldest first."""
    with (clinic.places.var / "carrier.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)


def _letters(clinic: Clinic) -> Iterator[Post]:
    file = clinic.places.mail / "mail.jsonl"
    if not file.exists():
        return
    with file.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                row = json.loads(line)
                found = ATTEMPT_ID.search(base64.b64decode(row["raw"]))
                attempt = found[1].decode() if found else f"letter {row['id']}"
                yield Post(attempt, "email", row["to"][0], row["at"], accepted=True)


def _messages(clinic: Clinic) -> list[Message]:
    attempts: dict[str, set[str]] = defaultdict(set)
    for message, attempt in clinic.rows("notify", "SELECT message_id::text, id::text FROM send_attempt"):
        attempts[message].add(attempt)
    offset = clinic.stack.clock_offset_seconds
    # What came due while the evidence is being read is on its way, and not forgotten.
    rows = clinic.rows(
        "notify",
        "SELECT m.id::text, coalesce(m.appointment_id, m.cause_id)::text, m.appointment_version, m.step, m.channel,"
        " m.state, m.reason, m.due_at <= now() + make_interval(secs => %s), m.exempt,"
        " coalesce(extract(epoch FROM now() + make_interval(secs => %s) - m.unknown_at), 0)::float8,"
        " EXISTS (SELECT 1 FROM staff_item i WHERE i.about_id = m.id) FROM planned_message m",
        offset - ON_ITS_WAY_SECONDS,
        offset,
    )
    return [
        Message(
            id=id_,
            key=(about, version, step, channel),
            state=state,
            reason=reason,
            due=due,
            attempts=frozenset(attempts[id_]),
            exempt=exempt,
            doubted_for=doubted,
            item=item,
        )
        for id_, about, version, step, channel, state, reason, due, exempt, doubted, item in rows
    ]


def _moves(clinic: Clinic) -> dict[str, list[tuple[str, str]]]:
    moves: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for message, before, after in clinic.rows(
        "notify", "SELECT message_id::text, from_state, to_state FROM message_move"
    ):
        moves[message].append((before, after))
    return moves


def _void_since(clinic: Clinic, history: History) -> dict[tuple[str, int], float]:
    """When notify had heard that a version is void: the acknowledgement, or, for the real referral, its settling."""
    void = {(e["appointment"], e["version"]): e["at"] for e in history.events("void")}
    for appointment, at in clinic.rows(
        "referral",
        "SELECT e.subject, extract(epoch FROM min(d.done_at))::float8 FROM outbox_event e"
        " JOIN event_delivery d ON d.event_id = e.id AND d.listener = 'notify' AND d.state = 'done'"
        " WHERE e.type IN ('appointment_moved', 'appointment_cancelled') GROUP BY e.subject",
    ):
        void[appointment, 1] = at
    return void


def _zones(history: History) -> dict[str, str]:
    zones = {people.phone(e["number"]): people.zone(e["number"]) for e in history.events("submitting")}
    told = ((e["number"], people.TOLD) for e in history.events("telling"))
    return zones | {people.phone(number, base): people.zone(number) for number, base in told}


def _first(history: History, kind: str, name: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for event in history.events(kind):
        found.setdefault(event[name], event["at"])
    return found


def _unsealed(clinic: Clinic) -> dict[str, int]:
    return {s: clinic.rows(s, "SELECT count(*) FROM audit_unsealed")[0][0] for s in WORKING}


def _chain(clinic: Clinic, service: str) -> list[AuditRow]:
    rows = clinic.rows(
        service,
        "SELECT s.seq, s.previous, s.hash, a.id::text, extract(epoch FROM a.at), a.actor_kind, a.actor_id,"
        " a.actor_role, a.action, a.subject_kind, a.subject_id, a.reason, a.details, a.request_id, a.digest"
        " FROM audit_seal s LEFT JOIN audit_entry a ON a.id = s.entry_id ORDER BY s.seq",
    )
    return [
        AuditRow(
            seq=seq,
            content={
                "id": id_,
                "at": f"{at or 0:.6f}",
                "actor": [kind, actor, role],
                "action": action,
                "subject": [subject_kind, subject],
                "reason": reason,
                "details": details,
                "request_id": request,
            },
            digest=bytes(digest or b"").hex(),
            previous=bytes(previous).hex(),
            hash=bytes(link).hex(),
        )
        for seq, previous, link, id_, at, kind, actor, role, action, subject_kind, subject, reason, details, request, digest in rows  # noqa: E501
    ]


def _canaries(clinic: Clinic) -> list[tuple[str, str]]:
    """Canaries in logs, in all Redis ever wrote down, in command lines, and in addresses the carrier was given."""
    found = []
    for path in _places(clinic):
        with suppress(OSError), path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                hit = CANARY.search(line)
                if hit:
                    found.append((f"{path.name}:{number}", hit[0].decode()))
                    break
    mark = str(clinic.places.var)
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(STACK_MARK) == mark:
                hit = CANARY.search(" ".join(process.cmdline()).encode())
                if hit:
                    found.append((f"the command line of {process.name()}", hit[0].decode()))
    return found


def _places(clinic: Clinic) -> Iterator[Path]:
    yield from clinic.records.glob("up-*.log")
    yield from clinic.places.logs.glob("*.log*")
    yield from (path for path in clinic.places.redis.rglob("*") if path.is_file())


def _told_too_much(posts: list[Post]) -> list[tuple[str, str]]:
    found = []
    for post in posts:
        in_url = CANARY.search(post.url.encode())
        in_text = HEALTH_WORDS.search(post.body)
        found += [(f"an address given to the carrier ({post.attempt})", in_url[0].decode())] if in_url else []
        found += [(f"the text of {post.attempt}", in_text[0])] if in_text else []
    return found


def _unwell(clinic: Clinic) -> list[str]:
    """Processes that do not run, and queues through which nothing has come for a minute."""
    processes = clinic.running.state()["processes"]
    found = [f"{name} is {one['state']}" for name, one in processes.items() if one["state"] != "running"]
    for service in WORKING:
        age = clinic.rows(
            service, "SELECT extract(epoch FROM now() - max(stamped_at))::float8 FROM worker_canary"
        )[0][0]
        if age is None or age > CANARY_STALE_SECONDS + 15:
            found.append(f"{service}-worker has consumed nothing for {age} s")
    return found


def _unix(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
