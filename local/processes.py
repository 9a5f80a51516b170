"""Every process of the stack: its command, its environment, and the order of starting and stopping."""

import signal
import sys

from local import postgres, redis
from local.child import ProcessSpec
from local.databases import SERVICES
from local.places import ROOT
from local.process_environment import (
    Stack,
    base_environment,
    carrier_environment,
    gateway_environment,
    mailbox_environment,
    service_environment,
)
from local.supervisor import STACK_MARK

STORES, STAND_INS, WORK, WEB, DOOR = range(5)
WORKER_CHILDREN = {"notify": 2}  # sending waits for the outside world; the other queues are short


def postgres_process(stack: Stack) -> ProcessSpec:
    """Return the embedded PostgreSQL."""
    places = stack.places
    return ProcessSpec(
        name="postgres",
        command=tuple(postgres.command(places.postgres)),
        environment={**postgres.environment(), STACK_MARK: str(places.var)},
        stage=STORES,
        stop_signal=signal.SIGINT,  # "fast": end the sessions, write everything out
        stop_seconds=20,
        user=postgres.run_as(),
        prepare=lambda: postgres.end_leftover(places.postgres),
    )


def redis_process(stack: Stack) -> ProcessSpec:
    """Return the embedded Redis."""
    return ProcessSpec(
        name="redis",
        command=tuple(redis.command(stack.places.redis)),
        environment=base_environment(stack.places),
        stage=STORES,
    )


def stand_ins(stack: Stack) -> list[ProcessSpec]:
    """Return the carrier and the mail server that play the world outside."""
    return [
        ProcessSpec("carrier", _module("local.carrier"), carrier_environment(stack), STAND_INS, folder=ROOT),
        ProcessSpec("mailbox", _module("local.mailbox"), mailbox_environment(stack), STAND_INS, folder=ROOT),
    ]


def gateway_process(stack: Stack) -> ProcessSpec:
    return ProcessSpec("gateway", _module("local.gateway"), gateway_environment(stack), DOOR, folder=ROOT)


def service_processes(stack: Stack) -> list[ProcessSpec]:
    """Return web, worker and relay of each service."""
    parts = {"app": _web, "worker": _worker, "relay": _relay}
    return [parts[part](stack, service) for service in SERVICES for part in parts if has_part(service, part)]


def has_part(service: str, part: str) -> bool:
    """Return whether `service` has a composition root of that name: an absent file means it does not do that."""
    return (ROOT / "services" / service / f"{part}.py").exists()


def with_workers() -> list[str]:
    """Return the services with a queue and workers on it."""
    return [service for service in SERVICES if has_part(service, "worker")]


def _web(stack: Stack, service: str) -> ProcessSpec:
    command = (
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(ROOT / "local" / "gunicorn.conf.py"),
        "-b",
        f"127.0.0.1:{stack.ports[service]}",
        f"services.{service}.app:create_app()",
    )
    environment = service_environment(stack, service)
    return ProcessSpec(
        f"{service}-web", command, environment, WEB, stop_seconds=25, folder=ROOT, service=service
    )


def worker_command(service: str) -> tuple[str, ...]:
    """Return the command line of `service`'s worker."""
    return (
        *_module("celery"),
        "-A",
        f"services.{service}.worker:celery_app",
        "worker",
        "-Q",
        f"{service}.jobs",
        "-c",
        str(WORKER_CHILDREN.get(service, 1)),
        "-n",
        f"{service}@waymark",
        "--without-mingle",
        "--without-gossip",
        "--without-heartbeat",
        "-l",
        "WARNING",
    )


def _worker(stack: Stack, service: str) -> ProcessSpec:
    # SIGTERM then means: put unstarted work back, give what runs 20 s, go.
    environment = {**service_environment(stack, service), "REMAP_SIGTERM": "SIGQUIT"}
    return ProcessSpec(
        f"{service}-worker",
        worker_command(service),
        environment,
        WORK,
        stop_seconds=25,
        folder=ROOT,
        service=service,
        leases=True,
    )


def _relay(stack: Stack, service: str) -> ProcessSpec:
    return ProcessSpec(
        f"{service}-relay",
        _module(f"services.{service}.relay"),
        service_environment(stack, service),
        WORK,
        stop_seconds=25,
        folder=ROOT,
        service=service,
        leases=True,
    )


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)
