"""What every process of a service is made of, built once from its settings in a composition root."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.database import Database
from kernel.deliver import EventCourier, event_delivery_work
from kernel.failpoints import arm
from kernel.keyring import Keyring, use_keyring
from kernel.logs import configure_logs
from kernel.schedule import Job
from kernel.service_client import ServiceClient
from kernel.settings import ServiceSettings
from kernel.tokens import Tokens
from kernel.web.principal import Gate
from kernel.work import WorkKind

if TYPE_CHECKING:
    from celery import Celery

    from kernel.relay import Relay

# Celery, kombu and redis are 18 MiB of every process that imports them; a web process has no use for them.


@dataclass(frozen=True)
class Parts:
    """The shared parts of one process. Nothing here connects to anything until it is used."""

    service: str
    worker_id: str
    database: Database
    tokens: Tokens
    gate: Gate
    client: ServiceClient
    deliveries: WorkKind


def assemble(
    service: str, settings: ServiceSettings, *, pool_size: int = 8, statement_timeout_ms: int = 5_000
) -> Parts:
    """Load keys, arm failpoints, set up logs, and return the parts of a process of `service`."""
    configure_logs(service, settings.log_level)
    arm(settings.failpoints, settings.failpoint_seed)
    use_keyring(Keyring.from_json(settings.data_keys.get_secret_value()))
    worker_id = settings.worker_id or f"{service}-{os.getpid()}"
    database = Database(
        settings.database_url.get_secret_value(),
        name=f"waymark-{worker_id}",
        pool_size=pool_size,
        statement_timeout_ms=statement_timeout_ms,
        clock_offset=settings.clock_offset,
    )
    tokens = Tokens(service, settings.signing_key.get_secret_value(), settings.service_keys)
    client = ServiceClient(tokens, settings.service_urls)
    deliveries = event_delivery_work(EventCourier(service, database, client, worker_id))
    return Parts(service, worker_id, database, tokens, Gate(tokens, database), client, deliveries)


def assemble_worker(parts: Parts, settings: ServiceSettings, kinds: Sequence[WorkKind]) -> "Celery":
    """Return the Celery application whose tasks do `kinds`."""
    from kernel.tasks import add_work, make_celery

    app = make_celery(parts.service, settings.redis_url.get_secret_value())
    add_work(app, parts.service, parts.database, kinds, settings.log_level)
    return app


def assemble_relay(
    parts: Parts,
    settings: ServiceSettings,
    kinds: Sequence[WorkKind],
    jobs: Sequence[Job],
    *,
    has_workers: bool = True,
) -> "Relay":
    """Return the relay that pumps `kinds` and runs `jobs`; `has_workers` is whether this service has a worker."""
    from kernel.relay import Relay
    from kernel.tasks import Doorbell, make_celery

    app = make_celery(parts.service, settings.redis_url.get_secret_value())
    return Relay(parts.service, parts.database, Doorbell(app, parts.service), kinds, jobs, has_workers)
