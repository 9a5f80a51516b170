"""Keep what a patient may know of their referral; an older fact never undoes a newer one."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_routed import ReferralRouted
from kernel.contracts.referral_state_changed import ReferralStateChanged
from kernel.rows import cursor

FOLLOW = """
INSERT INTO referral_view (referral_id, submission_id, patient_id, state, route, version)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (referral_id) DO UPDATE SET
    state = CASE WHEN excluded.version > referral_view.version THEN excluded.state ELSE referral_view.state END,
    version = greatest(excluded.version, referral_view.version),
    route = CASE WHEN excluded.route <> '' AND (referral_view.route = '' OR excluded.version > referral_view.version)
        THEN excluded.route ELSE referral_view.route END,
    submission_id = coalesce(excluded.submission_id, referral_view.submission_id)
RETURNING state
"""


def follow_referral(
    session: Session, told: ReferralRouted | ReferralStateChanged, *, state: str, route: str
) -> str:
    """Store the referral's state by its version and return the newest; an empty `route` leaves the known one."""
    values = [told.referral_id, told.submission_id, told.patient_id, state, route, told.version]
    stored = cursor(session).execute(FOLLOW, values).fetchone()
    return str(stored.state)
