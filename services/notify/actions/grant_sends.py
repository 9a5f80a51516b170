"""How many messages may be given to each provider now: one bucket a provider for all workers together."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notify.model import ProviderState
from services.notify.rules.provider_pace import Pace, refill


@dataclass(frozen=True, slots=True)
class Grant:
    """What one provider may be given: how many, and its weight among its channel's providers."""

    channel: str
    allowance: int
    weight: int


def grant_sends(session: Session, providers: Mapping[str, tuple[str, Pace]], wanted: int) -> dict[str, Grant]:
    """Take up to `wanted` tokens from each provider's bucket; `providers` gives name -> (channel, pace).

    By the machine's clock and not business time: a bucket is about real seconds. What is not used is given back
    by `return_tokens`.
    """
    at = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    wants = select(ProviderState).where(ProviderState.name.in_(list(providers)))
    locked = {row.name: row for row in session.scalars(wants.order_by(ProviderState.name).with_for_update())}
    grants: dict[str, Grant] = {}
    for name, (channel, pace) in sorted(providers.items()):
        row = locked.get(name)
        if row is None:
            first = {
                "channel": channel,
                "weight": pace.resting_weight,
                "tokens": refill(0.0, 1.0, pace),
                "refilled_at": at,
                "day": at.date(),
                "sent_that_day": 0,
            }
            session.execute(insert(ProviderState).values(name=name, **first).on_conflict_do_nothing())
            row = session.scalars(
                select(ProviderState).where(ProviderState.name == name).with_for_update()
            ).one()
        tokens = refill(row.tokens, (at - row.refilled_at).total_seconds(), pace)
        if row.day != at.date():
            row.day, row.sent_that_day = at.date(), 0
        paused = row.paused_until is not None and row.paused_until > at
        most = 0 if paused else min(wanted, int(tokens), max(0, pace.per_day - row.sent_that_day))
        row.tokens, row.refilled_at, row.sent_that_day = tokens - most, at, row.sent_that_day + most
        grants[name] = Grant(row.channel, most, row.weight)
    return grants
