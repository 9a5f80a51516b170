"""The kinds of work of this service, as its workers and its relay do them."""

from collections.abc import Mapping

from kernel.assembly import Parts
from kernel.work import WorkKind
from services.notify.actions.free_lookups import free_lookups
from services.notify.actions.free_sends import free_sends
from services.notify.rules.compose import ClinicWords
from services.notify.rules.recipients import EVERYONE, Recipients
from services.notify.sending import courier, doubt_resolver
from services.notify.sending.courier import MessageCourier
from services.notify.sending.doubt_resolver import DoubtResolver
from services.notify.sending.provider import Provider


def notify_work(
    parts: Parts,
    clinic: ClinicWords,
    providers: Mapping[str, Provider],
    recipients: Recipients = EVERYONE,
) -> tuple[WorkKind, ...]:
    """Everything a worker of this service can be rung for: sends first, then doubts, then events."""
    sender = MessageCourier(parts.database, clinic, providers, parts.worker_id, recipients)
    resolver = DoubtResolver(parts.database, providers, parts.worker_id)
    return (
        WorkKind(
            name="message",
            table="planned_message",
            task="notify.send_messages",
            run=sender.send,
            free=free_sends,
            rows_per_ring=courier.ROWS_PER_RING,
        ),
        WorkKind(
            name="doubt",
            table=doubt_resolver.TABLE,
            task="notify.resolve_doubt",
            run=resolver.resolve,
            free=free_lookups,
            rows_per_ring=doubt_resolver.ROWS_PER_RING,
            alone=doubt_resolver.SUSPECT,
        ),
        parts.deliveries,
    )
