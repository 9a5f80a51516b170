"""The fence in front of the wire: hold the recipients and visits of a wave while its requests are written."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array, texts_array
from services.notify.actions.start_sends import Started
from services.notify.rules.gate import WITHOUT_CONSENT

RECIPIENTS = """
SELECT id, opted_out_at, held_at FROM contact_point WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR SHARE
"""
VISITS = (
    "SELECT id, version, state FROM appointment WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR SHARE"
)
# A consent taken back meanwhile counts. What a patient or staff say to us is written under the recipient's lock, held
# here already; a box left empty on a new questionnaire (remember_patient) is not, and counts from the next send on.
# A worker that slept through its lease must not send what has been freed, or given to another attempt, meanwhile.
OWN = """
SELECT m.id FROM planned_message m
JOIN unnest(CAST(:ids AS uuid[]), CAST(:attempts AS uuid[])) AS v (id, attempt) ON v.id = m.id
LEFT JOIN consent n ON n.patient_id = m.patient_id AND n.channel = m.channel AND n.topic = m.topic
WHERE m.attempt_id = v.attempt AND m.state = 'sending' AND (n.given OR m.exempt = ANY(CAST(:unasked AS text[])))
ORDER BY m.id FOR SHARE OF m
"""
AFTER_OPT_OUT = ("opt_out_confirmed",)


def fence_sends(session: Session, wave: Sequence[Started]) -> list[bool]:
    """Lock what could forbid these sends, and say for each whether it may start now.

    While the caller's transaction is open no opt-out, hold, move or cancel of theirs can commit, and no lease of the
    wave be freed; so each commits either before this (and the send does not start) or after the request was written.
    """
    points = {sent.contact_point_id for sent in wave}
    blocked = {
        row.id: (row.opted_out_at is not None, row.held_at is not None)
        for row in session.execute(text(RECIPIENTS), {"ids": ids_array(points)})
    }
    visits = {sent.appointment_id for sent in wave if sent.appointment_id is not None}
    current = (
        {
            row.id: (row.version, row.state)
            for row in session.execute(text(VISITS), {"ids": ids_array(visits)})
        }
        if visits
        else {}
    )
    letters = [sent.letter for sent in wave]
    wanted = {
        "ids": ids_array([letter.message_id for letter in letters]),
        "attempts": ids_array([letter.attempt_id for letter in letters]),
        "unasked": texts_array(WITHOUT_CONSENT),
    }
    own = set(session.scalars(text(OWN), wanted))
    allowed = []
    for sent in wave:
        opted_out, held = blocked.get(sent.contact_point_id, (True, True))
        exempt = sent.step in AFTER_OPT_OUT
        told_to_stop = (opted_out and not exempt) or (held and not sent.exempt)
        as_planned = sent.appointment_id is None or (
            current.get(sent.appointment_id) == (sent.appointment_version, sent.visit_state)
        )
        allowed.append(sent.letter.message_id in own and not told_to_stop and as_planned)
    return allowed
