"""How often something was tried."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.keyring import keyring

SO_FAR = """
SELECT tries FROM try_count
WHERE kind = :kind AND key_index = :key AND since = date_trunc(:span, CAST(:now AS timestamptz))
"""


def tries_so_far(session: Session, kind: str, key: str, span: str) -> int:
    """Tries of `kind` by `key` in this minute, hour or day; see `count_try`."""
    values = {"kind": kind, "key": keyring().blind_index("try", key), "span": span, "now": now(session)}
    return int(session.execute(text(SO_FAR), values).scalar() or 0)
