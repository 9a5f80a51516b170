"""The periodic jobs every service has."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import seal
from kernel.schedule import Job

IDEMPOTENCY_KEPT_HOURS = 48


def forget_used_tokens(session: Session) -> None:
    """Delete ids of service tokens that have expired: they can no longer be replayed."""
    session.execute(text("DELETE FROM seen_token WHERE expires_at < now()"))


def forget_old_keys(session: Session) -> None:
    """Delete idempotency records after two days; clients are told they last at least one."""
    session.execute(
        text("DELETE FROM idempotency_record WHERE created_at < now() - make_interval(hours => :hours)"),
        {"hours": IDEMPOTENCY_KEPT_HOURS},
    )


KERNEL_JOBS = (
    Job("seal_audit", 1, seal, "audit entries join the hash chain within seconds"),
    Job("forget_used_tokens", 300, forget_used_tokens, "expired token ids are of no use"),
    Job("forget_old_keys", 3600, forget_old_keys, "idempotency keys are promised for a day"),
)
