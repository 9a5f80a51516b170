"""Deaths, losses and refusals of PostgreSQL and Redis, and a disk with no room."""

import os
import random
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import psycopg
import redis

from chaos.clinic import Clinic
from chaos.faults.fault import Facts, Fault
from local import databases

STEP_BYTES = 1 << 24
BALLAST = "ballast"


def kill_postgres(clinic: Clinic, _: random.Random) -> Facts:
    """SIGKILL the postmaster and every session; says when a service's database answers again."""
    hit = clinic.signal("postgres", signal.SIGKILL, children=True)
    return {"victim": "postgres", "hit": hit, "recovered": _until_back(clinic)}


def kill_a_session(clinic: Clinic, dice: random.Random) -> Facts:
    """SIGKILL one backend in whatever transaction it is: the server ends all sessions and recovers."""
    pid, sessions = clinic.pid("postgres"), []
    with suppress(psutil.Error):
        children = psutil.Process(pid).children() if pid else []
        sessions = [child for child in children if "_app" in " ".join(child.cmdline())]
    if not sessions:
        return {"victim": "postgres session", "hit": False}
    with suppress(psutil.NoSuchProcess):
        dice.choice(sessions).kill()
    return {"victim": "postgres session", "hit": True, "recovered": _until_back(clinic)}


def lock_a_table(clinic: Clinic, dice: random.Random) -> Facts:
    """Hold an exclusive lock for longer than any statement may wait."""
    service, table = dice.choice(
        (("notify", "planned_message"), ("referral", "referral"), ("intake", "submission"))
    )
    with suppress(psycopg.Error), psycopg.connect(_admin(clinic, service), connect_timeout=3) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        time.sleep(dice.uniform(2, 8))
    return {"victim": f"{service}.{table}", "hit": True}


def use_up_connections(clinic: Clinic, dice: random.Random) -> Facts:
    """Open idle sessions until PostgreSQL refuses any more, and keep them for a while."""
    opened = 0
    with ExitStack() as held, suppress(psycopg.Error):
        address = clinic.stack.app_url("dashboard")
        for _ in range(300):
            held.enter_context(psycopg.connect(address, connect_timeout=3))
            opened += 1
        time.sleep(dice.uniform(1, 4))
    return {"victim": "postgres", "hit": True, "sessions": opened, "recovered": _until_back(clinic)}


def kill_redis(clinic: Clinic, _: random.Random) -> Facts:
    """SIGKILL Redis; what its append-only file holds comes back."""
    hit = clinic.signal("redis", signal.SIGKILL)
    return {"victim": "redis", "hit": hit, "recovered": _until_redis(clinic)}


def lose_redis(clinic: Clinic, _: random.Random) -> Facts:
    """SIGKILL Redis and take its files away: it starts with nothing, as one without persistence does."""
    kept = clinic.places.redis / "appendonlydir"
    with suppress(OSError):
        kept.rename(clinic.places.redis / f"lost-{time.time_ns()}")
    hit = clinic.signal("redis", signal.SIGKILL)
    return {"victim": "redis", "hit": hit, "recovered": _until_redis(clinic)}


def flush_redis(clinic: Clinic, _: random.Random) -> Facts:
    """FLUSHALL: every queue, ring and counter is gone."""
    with suppress(redis.RedisError):
        clinic.redis().flushall()
        return {"victim": "redis", "hit": True}
    return {"victim": "redis", "hit": False}


def freeze_redis(clinic: Clinic, dice: random.Random) -> Facts:
    with clinic.frozen("redis"):
        time.sleep(dice.uniform(2, 12))
    return {"victim": "redis", "hit": True, "recovered": _until_redis(clinic)}


def fill_redis(clinic: Clinic, dice: random.Random) -> Facts:
    """No memory left for another key: rings are refused, the rows stay."""
    try:
        clinic.redis().config_set("maxmemory", "1")
        time.sleep(dice.uniform(2, 8))
        clinic.redis().config_set("maxmemory", "0")
    except redis.RedisError:
        return {"victim": "redis", "hit": False}
    return {"victim": "redis", "hit": True}


def poison_the_queue(clinic: Clinic, _: random.Random) -> Facts:
    """Bodies no task can be made of: not JSON, a pickle, an unknown task, wrong arguments."""
    bodies = (
        "not json at all",
        '{"body": "gAR9lC4=", "content-type": "application/x-python-serialize", "content-encoding": "base64"}',
        '{"body": "W1tdLCB7fSwge31d", "headers": {"task": "no.such.task", "id": "x"}, "properties": {}}',
    )
    with suppress(redis.RedisError):
        for body in bodies[1:]:
            clinic.redis().lpush("notify.jobs", body)
        return {"victim": "notify.jobs", "hit": True}
    return {"victim": "notify.jobs", "hit": False}


def fill_the_disk(clinic: Clinic, dice: random.Random) -> Facts:
    """Leave no byte for databases and logs; then give the room back."""
    ballast = clinic.places.var / BALLAST
    file = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        room = os.statvfs(clinic.places.var)
        size = max(0, room.f_bavail * room.f_frsize - STEP_BYTES)
        os.posix_fallocate(file, 0, size)
        os.lseek(file, size, os.SEEK_SET)
        for step in (STEP_BYTES // 16, 4096):
            with suppress(OSError):
                while os.write(file, bytes(step)):
                    pass
        time.sleep(dice.uniform(2, 6))
    finally:
        os.close(file)
        ballast.unlink(missing_ok=True)
    return {"victim": "disk", "hit": True, "recovered": _until_back(clinic)}


def _no_small_disk(clinic: Clinic) -> str:
    return (
        "" if Path(clinic.folder).is_mount() else "needs root and a mountable tmpfs for the clinic's folder"
    )


def _admin(clinic: Clinic, service: str) -> str:
    return databases.admin_address(clinic.stack.admin_url, databases.database_name(service))


def _until_back(clinic: Clinic) -> float | None:
    """Seconds until a service can do its work on the database again."""
    return clinic.wait_for(lambda: clinic.answers("intake"), 120)


def _until_redis(clinic: Clinic) -> float | None:
    def answers() -> bool:
        with suppress(redis.RedisError):
            return bool(clinic.redis().ping())
        return False

    return clinic.wait_for(answers, 60)


FAULTS = (
    Fault("kill_postgres", "postgres", ("F22", "F23"), kill_postgres, weight=1.2),
    Fault("kill_a_session", "postgres", ("F23",), kill_a_session, weight=0.6),
    Fault("lock_a_table", "postgres_busy", ("F25",), lock_a_table, weight=0.4),
    Fault("use_up_connections", "postgres_busy", ("F24",), use_up_connections, weight=0.3),
    Fault("kill_redis", "redis", ("F14",), kill_redis, weight=1),
    Fault("lose_redis", "redis_loss", ("F15",), lose_redis, weight=0.9),
    Fault("flush_redis", "redis_loss", ("F16",), flush_redis, weight=0.9),
    Fault("freeze_redis", "redis_busy", ("F19", "F17"), freeze_redis, weight=0.5),
    Fault("fill_redis", "redis_busy", ("F18",), fill_redis, weight=0.5),
    Fault("poison_the_queue", "redis_busy", ("F11",), poison_the_queue, weight=0.4),
    Fault("fill_the_disk", "disk", ("F26",), fill_the_disk, weight=0.4, cannot=_no_small_disk),
)
