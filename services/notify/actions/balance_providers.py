"""Move trust away from a provider that fails or dawdles, and back when it does well again."""

from collections.abc import Mapping

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from services.notify.actions.open_staff_item import SYSTEM
from services.notify.model import ProviderState
from services.notify.rules.provider_pace import LEAST_TO_JUDGE, SLOW_SECONDS, balance

OF_LATE = """
SELECT provider, count(*) AS n, count(*) FILTER (WHERE outcome IN ('unknown', 'denied')
        OR (outcome = 'not_transmitted' AND code NOT IN ('fence', 'no_time', 'worker_lost'))
        OR settled_at - started_at > make_interval(secs => :slow)) AS bad
FROM send_attempt WHERE started_at > now() - interval '15 minutes' AND outcome <> '' GROUP BY provider
"""


def balance_providers(session: Session, resting: Mapping[str, int]) -> None:
    """Move the weights of every channel that has more than one provider one step. `resting` per provider name."""
    of_late = {row.provider: row for row in session.execute(text(OF_LATE), {"slow": SLOW_SECONDS})}
    states = session.scalars(select(ProviderState).order_by(ProviderState.name).with_for_update()).all()
    for channel in {state.channel for state in states}:
        rivals = {state.name: state for state in states if state.channel == channel and state.name in resting}
        if len(rivals) < 2:
            continue
        shares = {}
        for name in rivals:
            row = of_late.get(name)
            shares[name] = row.bad / row.n if row is not None and row.n >= LEAST_TO_JUDGE else None
        new = balance({name: state.weight for name, state in rivals.items()}, resting, shares)
        for name, state in rivals.items():
            if state.weight != new[name]:
                details = {"from": state.weight, "to": new[name]}
                record(session, SYSTEM, "balance_provider", "provider", name, details=details)
                state.weight = new[name]
