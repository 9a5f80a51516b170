"""Plan the message that leads to the patient's own page: where things stand, and how to get ready."""

from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.status_link_issued import StatusLinkIssued
from kernel.ids import new_id
from kernel.outbox import wake
from kernel.personal import seal_json
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import PlannedMessage
from services.notify.queries.reach import reach_of
from services.notify.rules.wording import message_language

STEP = "get_ready"
# A letter has room for the link and is no interruption; a text is for those without.
ORDER = ("email", "sms")
# Like the confirmation of a booking it answers what the patient did, once a link: an offer may follow on the same day.
EXEMPT = "own_page"
USEFUL_FOR = timedelta(days=3)


def plan_get_ready(session: Session, issued: StatusLinkIssued) -> None:
    """Plan it once a link, on the first channel that can be used; with none, the text's row says why not."""
    at = now(session)
    reach = reach_of(session, issued.patient_id)
    channel = next((one for one in ORDER if not reach[one].barrier), ORDER[-1])
    barrier = reach[channel].barrier
    language, note = message_language(issued.patient.language)
    message_id = new_id()
    planned = session.execute(
        insert(PlannedMessage)
        .values(
            id=message_id,
            patient_id=issued.patient_id,
            cause_id=issued.link_id,
            step=STEP,
            channel=channel,
            topic="visit",
            contact_point_id=reach[channel].contact_point_id,
            language=language,
            language_note=note,
            template=STEP,
            exempt=EXEMPT,
            about_sealed=seal_json(
                {"link_path": issued.link_path}, f"notify.planned_message.about_sealed.{message_id}"
            ),
            planned_for=at,
            expires_at=at + USEFUL_FOR,
            state="suppressed" if barrier else "due",
            reason=barrier,
            created_at=at,
            due_at=at,
        )
        .on_conflict_do_nothing()
        .returning(PlannedMessage.id)
    ).scalar()
    if planned is not None:
        record_moves(session, [Move(planned, "", "suppressed" if barrier else "due", barrier)], at)
        wake(session)
