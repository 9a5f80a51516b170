"""How many questionnaires one network address may start in an hour: counted in the database, so in all processes."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.keyring import keyring

COUNT = """
INSERT INTO start_count (address_index, hour, starts)
VALUES (:address, date_trunc('hour', CAST(:now AS timestamptz)), 1)
ON CONFLICT (address_index, hour) DO UPDATE SET starts = start_count.starts + 1 RETURNING starts
"""


def count_start(session: Session, address: str, most: int) -> bool:
    """Count one start from `address`; False when that is more than `most` this hour. The address is not kept."""
    values = {"address": keyring().blind_index("address", address), "now": now(session)}
    return int(session.execute(text(COUNT), values).scalar_one()) <= most
