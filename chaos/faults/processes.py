"""Deaths and standstills of our own processes."""

import os
import random
import signal
import time
from contextlib import suppress

import psycopg

from chaos.clinic import WORKING, Clinic
from chaos.faults.fault import Facts, Fault

SERVICES = (*WORKING, "dashboard")
LEASED = "SELECT id::text, attempt_id::text FROM event_delivery WHERE state = 'leased' AND leased_by LIKE %s"
SENDING = (
    "SELECT id::text, attempt_id::text FROM planned_message WHERE state = 'sending' AND leased_by LIKE %s"
)
HELD_STILL = "SELECT 1 FROM event_delivery WHERE id = %s AND attempt_id = %s AND state = 'leased'"
SENT_STILL = "SELECT 1 FROM planned_message WHERE id = %s AND attempt_id = %s AND state = 'sending'"


def kill_worker(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGKILL a worker's parent; its children end with it. Says how long its rows stayed in a dead hand."""
    service = dice.choice((*WORKING, "notify"))
    held = _held_by(clinic, service)
    hit = clinic.signal(f"{service}-worker", signal.SIGKILL)
    return {"victim": f"{service}-worker", "hit": hit, **_freed(clinic, service, held)}


def kill_worker_child(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGKILL one forked child: Celery starts another, the row it held comes back."""
    name = f"{dice.choice(WORKING)}-worker"
    return {"victim": name, "hit": _kill_child(clinic, name)}


def kill_web_child(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGKILL the process that answers requests, before, in or after a COMMIT, as it comes."""
    service = dice.choice(SERVICES)
    hit = _kill_child(clinic, f"{service}-web")
    return {"victim": f"{service}-web", "hit": hit, "recovered": _until_answers(clinic, service)}


def kill_web(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGKILL the gunicorn master."""
    service = dice.choice(SERVICES)
    hit = clinic.signal(f"{service}-web", signal.SIGKILL)
    return {"victim": f"{service}-web", "hit": hit, "recovered": _until_answers(clinic, service)}


def kill_relay(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGKILL a relay: the outbox pump, the clock of periodic jobs, the one who does unanswered work."""
    name = f"{dice.choice(WORKING)}-relay"
    return {"victim": name, "hit": clinic.signal(name, signal.SIGKILL)}


def kill_gateway(clinic: Clinic, _: random.Random) -> Facts:
    return {"victim": "gateway", "hit": clinic.signal("gateway", signal.SIGKILL)}


def kill_carrier(clinic: Clinic, _: random.Random) -> Facts:
    """SIGKILL the carrier itself: requests in flight are cut off, accepted messages stay accepted."""
    return {"victim": "carrier", "hit": clinic.signal("carrier", signal.SIGKILL)}


def kill_mail_server(clinic: Clinic, _: random.Random) -> Facts:
    return {"victim": "mailbox", "hit": clinic.signal("mailbox", signal.SIGKILL)}


def kill_a_whole_service(clinic: Clinic, dice: random.Random) -> Facts:
    """Web, worker and relay of one service at the same moment."""
    service = dice.choice(WORKING)
    hit = [clinic.signal(f"{service}-{part}", signal.SIGKILL) for part in ("web", "worker", "relay")]
    return {"victim": service, "hit": all(hit), "recovered": _until_answers(clinic, service)}


def end_politely(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGTERM, as a deploy does: what is in hand is finished or put back."""
    name = f"{dice.choice(WORKING)}-{dice.choice(('web', 'worker', 'relay'))}"
    return {"victim": name, "hit": clinic.signal(name, signal.SIGTERM)}


def freeze_worker(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGSTOP a worker for a while, so that its lease may run out under it, and let it go on with old news."""
    name = f"{dice.choice((*WORKING, 'notify'))}-worker"
    with clinic.frozen(name):
        time.sleep(dice.uniform(1, 6))
    return {"victim": name, "hit": True}


def freeze_worker_past_its_lease(clinic: Clinic, _: random.Random) -> Facts:
    """The sender wakes up 45 s later and finds its lease gone: what it then writes must not count."""
    with clinic.frozen("notify-worker"):
        time.sleep(45)
    return {"victim": "notify-worker", "hit": True}


def freeze_worker_until_found(clinic: Clinic, dice: random.Random) -> Facts:
    """A worker that stands still for good: nobody thaws it, the watchdog has to find it and have it replaced."""
    name = f"{dice.choice(WORKING)}-worker"
    before = clinic.pid(name)
    hit = clinic.signal(name, signal.SIGSTOP, children=True)
    found = clinic.wait_for(lambda: clinic.pid(name) not in (before, None), 240)
    return {"victim": name, "hit": hit, "recovered": found}


def freeze_web(clinic: Clinic, dice: random.Random) -> Facts:
    service = dice.choice(SERVICES)
    with clinic.frozen(f"{service}-web"):
        time.sleep(dice.uniform(0.5, 4))
    return {"victim": f"{service}-web", "hit": True, "recovered": _until_answers(clinic, service)}


def freeze_relay(clinic: Clinic, dice: random.Random) -> Facts:
    name = f"{dice.choice(WORKING)}-relay"
    with clinic.frozen(name):
        time.sleep(dice.uniform(1, 6))
    return {"victim": name, "hit": True}


def _kill_child(clinic: Clinic, name: str) -> bool:
    child = clinic.child_of(name)
    if child is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return True


def _until_answers(clinic: Clinic, service: str) -> float | None:
    return clinic.wait_for(lambda: clinic.answers(service), 60)


def _held_by(clinic: Clinic, service: str) -> list[tuple[str, str, str]]:
    """Rows the service's worker holds now: (still-held question, id, attempt)."""
    pattern = f"{service}-worker.%"
    with suppress(psycopg.Error):
        held = [(HELD_STILL, *row) for row in clinic.rows(service, LEASED, pattern)]
        if service == "notify":
            held += [(SENT_STILL, *row) for row in clinic.rows(service, SENDING, pattern)]
        return held
    return []


def _freed(clinic: Clinic, service: str, held: list[tuple[str, str, str]]) -> Facts:
    """Wait until nobody holds these rows under the dead worker's attempts any more."""
    if not held:
        return {}

    def free() -> bool:
        with suppress(psycopg.Error):
            return not any(clinic.rows(service, question, *row) for question, *row in held)
        return False

    return {"rows_held": len(held), "recovered": clinic.wait_for(free, 60)}


def _kill_named(name: str, kind: str) -> Fault:
    def strike(clinic: Clinic, _: random.Random) -> Facts:
        return {"victim": name, "hit": clinic.signal(name, signal.SIGKILL)}

    return Fault(f"kill_{name}", kind, (), strike)


# Each process once: what part 1 asks for, and what a short run does first.
KILL_EACH = (
    *(_kill_named(f"{service}-web", "web") for service in SERVICES),
    *(_kill_named(f"{service}-{part}", part) for service in WORKING for part in ("worker", "relay")),
)

FAULTS = (
    Fault("kill_worker", "worker", ("F5", "F6", "F7", "F8"), kill_worker, weight=6),
    Fault("kill_worker_child", "worker", ("F5", "F6"), kill_worker_child, weight=3),
    Fault("kill_web_child", "web", ("F1", "F2"), kill_web_child, weight=2),
    Fault("kill_web", "web", ("F4",), kill_web, weight=1.5),
    Fault("kill_relay", "relay", ("F62",), kill_relay, weight=2),
    Fault("kill_gateway", "gateway", (), kill_gateway, weight=0.3),
    Fault("kill_carrier", "carrier", ("F13", "F28"), kill_carrier, weight=0.6),
    Fault("kill_mail_server", "carrier", (), kill_mail_server, weight=0.4),
    Fault("kill_a_whole_service", "service", ("F59",), kill_a_whole_service, weight=0.5),
    Fault("end_politely", "deploy", ("F9",), end_politely, weight=1),
    Fault("freeze_worker", "freeze", ("F13",), freeze_worker, weight=0.8),
    Fault(
        "freeze_worker_past_its_lease",
        "freeze",
        ("F13",),
        freeze_worker_past_its_lease,
        weight=0.3,
        lasts=True,
    ),
    Fault("freeze_worker_until_found", "freeze", ("F21",), freeze_worker_until_found, weight=0.2, lasts=True),
    Fault("freeze_web", "freeze", (), freeze_web, weight=0.4),
    Fault("freeze_relay", "freeze", ("F62",), freeze_relay, weight=0.4),
)
