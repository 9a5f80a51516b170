"""`waymark up`: start the whole clinic, print one address, keep it running until Ctrl-C."""

import compileall
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import business_clock, databases, hold, keys, ports, postgres, prepare, redis
from local.places import ROOT, Places
from local.problem import Problem
from local.process_environment import DEMO_CLIENT_ID, Stack
from local.processes import (
    gateway_process,
    postgres_process,
    redis_process,
    service_processes,
    stand_ins,
    with_workers,
)
from local.secret_files import write_private
from local.supervisor import Supervisor, end_strays
from local.watchdog import Watchdog

READY_SECONDS = 120.0
ROOM_MEGABYTES = 300


def say(line: str) -> None:
    """Print a line with the time, at once. A terminal that has gone away stops nothing."""
    with suppress(OSError):
        print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


def up(places: Places, port: int) -> int:
    """Start everything and watch over it until told to stop; returns the exit code. Raises `Problem`."""
    began = time.monotonic()
    try:
        places.make()
    except OSError as error:
        raise Problem(f"{places.var} cannot be written ({error.strerror}). Nothing was started.") from None
    lock = hold.take(places)
    if lock is None:
        say(f"Waymark is running already: {hold.state(places).get('address', 'address not known yet')}")
        return 0
    with lock:
        hold.check_room(places.var, ROOM_MEGABYTES)
        end_strays(places)
        stack = decide(places, port)
        compile_code()
        return _run(stack, began)


def decide(places: Places, port: int) -> Stack:
    """Return what this start is about: ports, addresses, keys (made on first use) and the clinic's time."""
    outside_database, outside_redis = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    chosen = ports.choose(port)
    keys.make_keys(places.secrets)
    if outside_database:
        databases.check_server(outside_database)
    if outside_redis:
        redis.refuse_evicting(outside_redis)
    stack = Stack(
        places=places,
        ports=chosen,
        admin_url=outside_database or postgres.admin_url(places.postgres, places.secrets / "postgres.secret"),
        redis_url=outside_redis or redis.address(chosen["redis"], places.secrets / "redis.secret"),
        clock_offset_seconds=business_clock.offset_seconds(places.clock_file, datetime.now(UTC)),
    )
    settings = {
        "var": str(places.var),
        "ports": stack.ports,
        "admin_url": stack.admin_url,
        "redis_url": stack.redis_url,
        "clock_offset_seconds": stack.clock_offset_seconds,
    }
    write_private(prepare.settings_file(places), json.dumps(settings))
    return stack


def compile_code() -> None:
    """Write byte code for our own packages: a dozen processes import them within seconds of one another."""
    for package in ("kernel", "services", "local"):
        compileall.compile_dir(ROOT / package, quiet=2)


def _run(stack: Stack, began: float) -> int:
    supervisor = Supervisor(stack.places, say)
    supervisor.facts = {"address": stack.public_url, "ports": stack.ports}
    watchdog = Watchdog(
        {service: stack.app_url(service) for service in with_workers()},
        stack.redis_url,
        supervisor.seconds_up,
        supervisor.ask_restart,
    )
    supervisor.lost = watchdog.report_lost
    supervisor.take_signals()
    demo: subprocess.Popen[bytes] | None = None
    try:
        _start_stores(stack, supervisor)
        _prepare_databases(stack, supervisor)
        if not supervisor.stopping:
            _start_services(stack, supervisor)
        if not supervisor.stopping:
            watchdog.start()
            demo = prepare.run_demo(stack, "running", stack.places.logs / "demo.log")
            say(f"ready in {time.monotonic() - began:.1f} s; Ctrl-C or `make down` stops it")
            with suppress(OSError):
                print(f"\n    Open {stack.public_url}\n", flush=True)
            supervisor.run_forever()
    finally:
        watchdog.stop()
        say("stopping…")
        if demo is not None and demo.poll() is None:
            demo.terminate()
            demo.wait(10)
        supervisor.stop_all()
        say(f"stopped; what was entered is kept in {stack.places.var}")
    return 0


def _start_stores(stack: Stack, supervisor: Supervisor) -> None:
    places = stack.places
    if not os.environ.get("DATABASE_URL"):
        first = not (places.postgres / "PG_VERSION").exists()
        say("starting PostgreSQL 18" + (" (making its files first)" if first else ""))
        postgres.prepare(places.postgres, places.secrets / "postgres.secret")
        supervisor.start([postgres_process(stack)])
    if not os.environ.get("REDIS_URL"):
        say("starting Redis")
        redis.prepare(places.redis, stack.ports["redis"], places.secrets / "redis.secret")
        supervisor.start([redis_process(stack)])
    supervisor.start(stand_ins(stack))
    log = places.logs / "postgres.log"
    if not supervisor.run_until(lambda: postgres.answers(stack.admin_url), 40) and not supervisor.stopping:
        raise Problem(
            f"PostgreSQL did not start: {postgres.last_line(log)} The data in {places.var} is as it was."
        )
    if not supervisor.run_until(lambda: redis.answers(stack.redis_url), 20) and not supervisor.stopping:
        raise Problem(
            f"Redis did not start; see {places.logs / 'redis.log'}. The databases are as they were."
        )


def _prepare_databases(stack: Stack, supervisor: Supervisor) -> None:
    """Run migrations and the demo clinic's rows in processes of their own: ours stays small."""
    say("preparing the databases and the demo clinic")
    log_path = stack.places.logs / "prepare.log"
    with log_path.open("wb") as log:
        preparing = subprocess.Popen(
            [sys.executable, "-m", "local.prepare"],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=prepare.command_environment(stack),
        )
    _wait(preparing, supervisor, log_path, "The databases")
    seeding = (
        None if supervisor.stopping else prepare.run_demo(stack, "prepared", stack.places.logs / "demo.log")
    )
    if seeding is not None:
        _wait(seeding, supervisor, stack.places.logs / "demo.log", "The demo clinic")


def _wait(process: "subprocess.Popen[bytes]", supervisor: Supervisor, log_path: Path, what: str) -> None:
    supervisor.run_until(lambda: process.poll() is not None)
    if process.poll() is None:
        process.terminate()
        process.wait(10)
    elif process.returncode != 0:
        lines = log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if lines and process.returncode == prepare.SAID_WHY:
            raise Problem(lines[-1])
        said = f": {lines[-1]}" if lines else ""
        raise Problem(f"{what} could not be prepared{said} (all of it: {log_path}). What was there is kept.")


def _start_services(stack: Stack, supervisor: Supervisor) -> None:
    _write_front_page(stack)
    specs = [*service_processes(stack), gateway_process(stack)]
    say(f"starting {len(specs)} processes of intake, referral, notify, dashboard and the gateway")
    supervisor.start(specs)
    answered = [0]

    def ready() -> bool:
        parts = ask_ready(stack.ports["gateway"])
        up_now = sum(part.get("http_status") == 200 for part in parts.values())
        if up_now > answered[0]:
            answered[0] = up_now
            say(f"{up_now} of {len(parts)} parts answer")
        return bool(parts) and up_now == len(parts)

    if not supervisor.run_until(_not_too_often(ready, 0.25), READY_SECONDS) and not supervisor.stopping:
        parts = ask_ready(stack.ports["gateway"])
        missing = [name for name, part in parts.items() if part.get("http_status") != 200] or ["the gateway"]
        raise Problem(
            f"Not ready after {READY_SECONDS:.0f} s: {', '.join(missing)}. Everything was stopped, no data was "
            f"changed; the reasons are in {stack.places.logs}."
        )


def ask_ready(port: int) -> dict[str, dict[str, Any]]:
    """Return what each part says of itself through the gateway's `/ready`; {} while that does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
            body = answer.read()
    except urllib.error.HTTPError as refused:
        body = refused.read()
    except (OSError, ValueError):
        return {}
    try:
        parts: dict[str, dict[str, Any]] = json.loads(body)["parts"]
    except (ValueError, KeyError):
        return {}
    return parts


def _write_front_page(stack: Stack) -> None:
    """Write what the page at `/` tells; the logins come from the demo clinic, which exists only locally."""
    logins = stack.places.secrets / "demo_logins.json"
    facts = {
        "business_time": business_clock.told(stack.clock_offset_seconds, datetime.now(UTC)),
        "staff": json.loads(logins.read_text(encoding="utf-8")) if logins.exists() else [],
        "client": {"id": DEMO_CLIENT_ID, "secret": keys.secret(stack.places.secrets, "demo_client")},
    }
    write_private(stack.places.run / "front_page.json", json.dumps(facts))


def _not_too_often(check: Callable[[], bool], seconds: float) -> Callable[[], bool]:
    """Return `check`, asked at most every `seconds`."""
    last = [0.0]

    def asked() -> bool:
        if time.monotonic() - last[0] < seconds:
            return False
        last[0] = time.monotonic()
        return check()

    return asked
