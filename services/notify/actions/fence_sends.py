"""The fence in front of the wire: hold the recipients and visits of a wave while its requests are written."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kernel.arrays import ids_array, texts_array
from kernel.clock import started_at
from kernel.rows import cursor
from services.notify.actions.start_sends import Started
from services.notify.rules.gate import WITHOUT_CONSENT

RECIPIENTS = """
SELECT id, opted_out_at, held_at, now() AS at FROM contact_point WHERE id = ANY(CAST($1 AS uuid[]))
ORDER BY id FOR SHARE
"""
VISITS = "SELECT id, version, state FROM appointment WHERE id = ANY(CAST($1 AS uuid[])) ORDER BY id FOR SHARE"
# A consent taken back meanwhile counts. What a patient or staff say to us is written under the recipient's lock, held
# here already, so that who was told it is done gets nothing more. What was said to intake (agree_by_channel: a box left
# empty, or an explicit no) is not: it comes as an event, promises no moment here, and counts from the next send on.
# A worker that slept through its lease must not send what has been freed, or given to another attempt, meanwhile.
OWN = """
SELECT m.id FROM planned_message m
JOIN unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[])) AS v (id, attempt) ON v.id = m.id
LEFT JOIN consent n ON n.patient_id = m.patient_id AND n.channel = m.channel AND n.topic = m.topic
WHERE m.attempt_id = v.attempt AND m.state = 'sending' AND (n.given OR m.exempt = ANY(CAST($3 AS text[])))
ORDER BY m.id FOR SHARE OF m
"""
AFTER_OPT_OUT = ("opt_out_confirmed",)


def fence_sends(session: Session, wave: Sequence[Started]) -> list[bool]:
    """Lock what could forbid these sends, and say for each whether it may start now.

    While the caller's transaction is open no opt-out, hold, move or cancel of theirs can commit, and no lease of the
    wave be freed; so each commits either before this (and the send does not start) or after the request was written.
    """
    own_cursor = cursor(session)
    points = {sent.contact_point_id for sent in wave}
    recipients = own_cursor.execute(RECIPIENTS, [ids_array(points)]).fetchall()
    if recipients:
        started_at(session, recipients[0].at)
    blocked = {row.id: (row.opted_out_at is not None, row.held_at is not None) for row in recipients}
    visits = {sent.appointment_id for sent in wave if sent.appointment_id is not None}
    current = {}
    if visits:
        rows = own_cursor.execute(VISITS, [ids_array(visits)])
        current = {row.id: (row.version, row.state) for row in rows}
    wanted = [
        ids_array([sent.letter.message_id for sent in wave]),
        ids_array([sent.letter.attempt_id for sent in wave]),
        texts_array(WITHOUT_CONSENT),
    ]
    own = {row.id for row in own_cursor.execute(OWN, wanted)}
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
