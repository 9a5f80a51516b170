"""The referral of a submission moved: the patient's status page shows it."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.referral_routed import ReferralRouted
from kernel.contracts.referral_state_changed import ReferralStateChanged
from kernel.events import Event

FOLLOW = """
INSERT INTO referral_view (referral_id, submission_id, patient_id, state, route, version)
VALUES (:referral_id, :submission_id, :patient_id, :state, :route, :version)
ON CONFLICT (referral_id) DO UPDATE SET
    state = CASE WHEN excluded.version > referral_view.version THEN excluded.state ELSE referral_view.state END,
    version = greatest(excluded.version, referral_view.version),
    route = CASE WHEN excluded.route <> '' AND (referral_view.route = '' OR excluded.version > referral_view.version)
        THEN excluded.route ELSE referral_view.route END,
    submission_id = coalesce(excluded.submission_id, referral_view.submission_id)
"""


def on_referral_routed(session: Session, event: Event) -> None:
    """Follow a new or re-routed referral."""
    told = ReferralRouted.model_validate(event.data)
    _follow(session, told, state=told.state, route=told.route)


def on_referral_state_changed(session: Session, event: Event) -> None:
    """Follow a move; an older version than the one known changes nothing."""
    told = ReferralStateChanged.model_validate(event.data)
    _follow(session, told, state=told.to_state, route="")


def _follow(session: Session, told: ReferralRouted | ReferralStateChanged, *, state: str, route: str) -> None:
    session.execute(
        text(FOLLOW),
        {
            "referral_id": told.referral_id,
            "submission_id": told.submission_id,
            "patient_id": told.patient_id,
            "state": state,
            "route": route,
            "version": told.version,
        },
    )
