"""Count login tries, so that guessing costs time (rules/login_delay.py holds the figures)."""

import hashlib
import math

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from services.dashboard.model import LoginFailure
from services.dashboard.rules.login_delay import MOST_IN_A_ROW, TRIES_A_MINUTE, delay_after, network_of

PACE = """
INSERT INTO login_pace (address, minute, tries) VALUES (:address, date_trunc('minute', now()), 1)
ON CONFLICT (address, minute) DO UPDATE SET tries = login_pace.tries + 1
RETURNING tries, extract(epoch FROM minute + interval '1 minute' - now()) AS wait
"""
BLOCKED = """
SELECT extract(epoch FROM blocked_until - now()) AS wait FROM login_failure
WHERE account_hash = :account AND network = :network AND blocked_until > now()
"""
FAILED = """
INSERT INTO login_failure (account_hash, network, failures, last_at) VALUES (:account, :network, 1, now())
ON CONFLICT (account_hash, network) DO UPDATE SET failures = login_failure.failures + 1, last_at = now()
RETURNING failures
"""
BLOCK = """
UPDATE login_failure SET blocked_until = now() + make_interval(secs => :seconds)
WHERE account_hash = :account AND network = :network
"""
IN_A_ROW = "UPDATE staff SET failures_in_a_row = failures_in_a_row + 1 WHERE email = :email"


def pace_login(session: Session, email: str, address: str) -> int:
    """Count this try and return how many seconds it must wait; 0 when it may go on."""
    pace = session.execute(text(PACE), {"address": address}).one()
    if pace.tries > TRIES_A_MINUTE:
        return max(1, math.ceil(float(pace.wait)))
    return seconds_blocked(session, email, address)


def seconds_blocked(session: Session, email: str, address: str) -> int:
    """Return how many seconds this account is still refused from this network; 0 when it is not."""
    keys = {"account": account_hash(email), "network": network_of(address)}
    blocked = session.execute(text(BLOCKED), keys).first()
    return max(1, math.ceil(float(blocked.wait))) if blocked else 0


def count_failure(session: Session, email: str, address: str) -> None:
    """Remember a failed login, and refuse the next for as long as the figures say."""
    keys = {"account": account_hash(email), "network": network_of(address)}
    failures = session.execute(text(FAILED), keys).scalar_one()
    delay = delay_after(failures)
    if delay:
        session.execute(text(BLOCK), {**keys, "seconds": delay.total_seconds()})
    session.execute(text(IN_A_ROW), {"email": email.strip().lower()})


def forget_failures(session: Session, email: str, address: str) -> None:
    """A login succeeded: its account starts afresh from this network."""
    session.execute(
        delete(LoginFailure).where(
            LoginFailure.account_hash == account_hash(email), LoginFailure.network == network_of(address)
        )
    )


def is_stopped(failures_in_a_row: int) -> bool:
    """True after so many failures in a row that only an administrator opens the account again."""
    return failures_in_a_row >= MOST_IN_A_ROW


def account_hash(email: str) -> bytes:
    """What is stored of an account name that may not exist."""
    return hashlib.sha256(email.strip().lower().encode()).digest()
