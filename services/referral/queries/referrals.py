"""One referral and everything that hangs on it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import column, inspect, or_, select, text
from sqlalchemy.orm import Session

from kernel.journey import Answer, Question
from kernel.rows import as_loaded
from services.referral.model.appointment import Appointment, AppointmentChange
from services.referral.model.decision import Decision, ReferralHold
from services.referral.model.inbound import ConsultNote, InboundReferral
from services.referral.model.move import ContactOpt, ReferralMessage, ReferralMove
from services.referral.model.referral import Referral
from services.referral.model.watch import Amendment
from services.referral.queries.outside import amendments_of, letters_of, notes_of

_COLUMNS = tuple(inspect(Referral).columns.keys())
# The lock on the row comes first: what is selected from a locked row is worked out after it is locked.
IN_TURN = f"""
SELECT {", ".join(f"own.{column}" for column in _COLUMNS)},
    pg_advisory_xact_lock(hashtextextended('patient:' || own.patient_id, 0)) AS turn
FROM (SELECT * FROM referral WHERE id = $1 FOR UPDATE) AS own
"""  # noqa: S608 - the names of our own columns
_IN_TURN = select(Referral).from_statement(
    text(IN_TURN.replace("$1", ":wanted")).columns(*inspect(Referral).columns, column("turn"))
)


@dataclass(frozen=True, slots=True)
class Case:
    """A referral with its history. `decisions` newest first (the first live one decides); `others`: the patient's.

    `by_letter`: those of `others` a letter came for.
    """

    referral: Referral
    decisions: list[Decision]
    moves: list[ReferralMove]
    holds: list[ReferralHold]
    messages: list[ReferralMessage]
    opts: list[ContactOpt]
    others: list[Referral]
    by_letter: frozenset[UUID]
    visits: list[Appointment]
    visit_changes: list[AppointmentChange]
    letters: list[InboundReferral]
    amendments: list[Amendment]
    notes: list[ConsultNote]

    @property
    def live_decision(self) -> Decision | None:
        """The decision in force, or None (only a late original was kept)."""
        return next((decision for decision in self.decisions if decision.voided_at is None), None)


def find_referral(session: Session, referral_id: UUID, *, lock: bool = False) -> Referral | None:
    """Return the referral or None; with `lock` nobody else can change it until the transaction ends."""
    query = select(Referral).where(Referral.id == referral_id)
    return session.scalars(query.with_for_update() if lock else query).first()


def find_in_turn(session: Session, referral_id: UUID) -> Referral | None:
    """As `find_referral` with `lock`, and take the patient's turn to book (`check_slot`) behind that lock."""
    return session.scalars(_IN_TURN, {"wanted": referral_id}).first()


def in_turn_question(referral_id: UUID) -> Question:
    """What `find_in_turn` asks, for who asks more in one journey; `referral_in_turn` reads the answer."""
    return IN_TURN, [referral_id]


def referral_in_turn(answer: Answer) -> Referral | None:
    """Return the referral of `in_turn_question`, which no session holds (`kernel.rows.as_loaded`), or None."""
    row = answer.fetchone()
    return None if row is None else as_loaded(Referral, dict(zip(_COLUMNS, row, strict=False)))


def referral_of_submission(session: Session, submission_id: UUID) -> Referral | None:
    """Return the referral a submission was received on, or None while it has not arrived."""
    decided = select(Decision.referral_id).where(Decision.submission_id == submission_id).limit(1)
    referral_id = session.scalars(decided).first()
    return None if referral_id is None else session.get(Referral, referral_id)


def live_referral_of(session: Session, patient_key: bytes) -> Referral | None:
    """Return the first live referral of the person with this key (`set_patient.patient_key`), or None."""
    live = select(Referral).where(Referral.patient_key == patient_key, Referral.closed_at.is_(None))
    return session.scalars(live.order_by(Referral.id).limit(1)).first()


def visits_of(session: Session, referral_id: UUID) -> list[Appointment]:
    """Return the referral's visits, the earliest first."""
    own = select(Appointment).where(Appointment.referral_id == referral_id)
    return list(session.scalars(own.order_by(Appointment.starts_at, Appointment.id)))


def read_case(session: Session, referral: Referral) -> Case:
    """Return the whole case."""
    visits = visits_of(session, referral.id)
    appointment_ids = [visit.id for visit in visits]
    changes = select(AppointmentChange).where(AppointmentChange.appointment_id.in_(appointment_ids))
    own = Decision.referral_id == referral.id
    mine = ReferralMessage.patient_id == referral.patient_id
    about_this = or_(
        ReferralMessage.appointment_id.is_(None), ReferralMessage.appointment_id.in_(appointment_ids)
    )
    others = list(
        session.scalars(
            select(Referral)
            .where(Referral.patient_id == referral.patient_id, Referral.id != referral.id)
            .order_by(Referral.id.desc())
            .limit(20)
        )
    )
    with_letter = select(InboundReferral.referral_id).where(
        InboundReferral.referral_id.in_([other.id for other in others])
    )
    return Case(
        referral=referral,
        decisions=list(session.scalars(select(Decision).where(own).order_by(Decision.id.desc()))),
        moves=list(
            session.scalars(
                select(ReferralMove)
                .where(ReferralMove.referral_id == referral.id)
                .order_by(ReferralMove.version)
            )
        ),
        holds=list(
            session.scalars(
                select(ReferralHold).where(ReferralHold.referral_id == referral.id).order_by(ReferralHold.id)
            )
        ),
        messages=list(
            session.scalars(
                select(ReferralMessage).where(mine, about_this).order_by(ReferralMessage.first_at)
            )
        ),
        opts=list(session.scalars(select(ContactOpt).where(ContactOpt.patient_id == referral.patient_id))),
        others=others,
        by_letter=frozenset(session.scalars(with_letter)) if others else frozenset(),
        visits=visits,
        visit_changes=list(session.scalars(changes.order_by(AppointmentChange.id))) if visits else [],
        letters=letters_of(session, referral.id),
        amendments=amendments_of(session, referral.id),
        notes=notes_of(session, referral.id),
    )


def live_decision(session: Session, referral_id: UUID) -> Decision | None:
    """Return the decision in force on a referral, or None."""
    live = select(Decision).where(Decision.referral_id == referral_id, Decision.voided_at.is_(None))
    return session.scalars(live).first()
