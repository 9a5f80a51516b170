"""A text came in: store it once with the rule that read it, act on what is sure, leave the rest to staff."""

from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.reply import ReplyMeant
from kernel.ids import new_id
from kernel.outbox import emit
from kernel.personal import Personal
from services.notify.actions.add_contact import add_contact
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.actions.opt_in import opt_in
from services.notify.actions.opt_out import opt_out
from services.notify.actions.plan_answer import plan_answer
from services.notify.actions.revive_contact import revive_contact
from services.notify.model import ContactPoint, Reply
from services.notify.queries.reply_context import ReplyContext, open_question, reply_context
from services.notify.replies.grammar import Meaning, Parsed, parse_reply

EVENTS = {
    Meaning.CONFIRM: "reply_confirmed",
    Meaning.CANNOT_COME: "reply_cannot_come",
    Meaning.RESCHEDULE: "reply_reschedule",
}


@dataclass(frozen=True, slots=True)
class Inbound:
    """One text as the provider handed it over. `sender` is E.164; `pictures` came with it and are never fetched."""

    provider_message_id: str
    channel: str
    sender: Personal[str]
    text: Personal[str]
    pictures: int = 0


def take_reply(session: Session, inbound: Inbound) -> UUID | None:
    """Handle one inbound text in the caller's transaction; return its reply id, or None when it was here before."""
    point = _locked_point(session, inbound)
    # Under the sender's lock, so that two deliveries of one text take turns.
    known = select(Reply.id).where(Reply.provider_message_id == inbound.provider_message_id)
    if session.scalar(known) is not None:
        return None
    at = now(session)
    context = reply_context(session, point.id, at)
    parsed = parse_reply(inbound.text.reveal(), "es" if context.language.startswith("es") else "en")
    if inbound.pictures and parsed.rule == "no_words":
        # What it shows nobody knows: a person asks before anything more is sent.
        parsed = replace(parsed, rule="pictures_only", hold=True)
    reply = Reply(
        id=new_id(),
        provider_message_id=inbound.provider_message_id,
        channel=inbound.channel,
        contact_point_id=point.id,
        patient_id=context.patient_ids[0] if len(context.patient_ids) == 1 else None,
        meaning=parsed.meaning.value,
        rule=parsed.rule,
        hint=_hint(parsed) | ({"pictures": inbound.pictures} if inbound.pictures else {}),
        state="handled",
        received_at=at,
    )
    reply.text = inbound.text
    if context.visit is not None:
        reply.patient_id = context.visit.patient_id
        reply.appointment_id, reply.appointment_version = context.visit.id, context.visit.version
    session.add(reply)
    session.flush()
    actor = Actor("patient", str(reply.patient_id or point.id))
    record(
        session,
        actor,
        "send_reply",
        "reply",
        reply.id,
        reason=parsed.rule,
        details={"meaning": reply.meaning},
    )
    # What a machine answers shows nothing about anybody behind it.
    if point.dead_at is not None and parsed.meaning is not Meaning.AUTOMATIC:
        revive_contact(session, point)
    _act(session, reply, parsed, point=point, context=context, actor=actor)
    session.flush()
    return reply.id


def _locked_point(session: Session, inbound: Inbound) -> ContactPoint:
    point_id = add_contact(session, inbound.channel, inbound.sender.reveal())
    same = select(ContactPoint).where(ContactPoint.id == point_id)
    return session.scalars(
        same.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()


def _hint(parsed: Parsed) -> dict[str, object]:
    hint: dict[str, object] = {"urgent": True} if parsed.urgent else {}
    if parsed.time is not None:
        hint["time"] = {key: value for key, value in asdict(parsed.time).items() if value is not None}
    if parsed.rating is not None:
        hint["rating"] = parsed.rating
    return hint


def _act(
    session: Session,
    reply: Reply,
    parsed: Parsed,
    *,
    point: ContactPoint,
    context: ReplyContext,
    actor: Actor,
) -> None:
    language = context.language
    match parsed.meaning:
        case Meaning.OPT_OUT:
            if opt_out(session, point, actor, parsed.rule) and context.patient_ids:
                plan_answer(session, reply, "opt_out_confirmed", language)
            if parsed.staff_task:
                _open(session, reply, "opted_out_and_asks_about_visit")
        case Meaning.OPT_IN:
            if opt_in(session, point, actor, parsed.rule):
                plan_answer(session, reply, "opt_in_confirmed", language)
        case Meaning.HELP:
            if context.patient_ids:
                plan_answer(session, reply, "help", language)
        case Meaning.CONFIRM | Meaning.CANNOT_COME | Meaning.RESCHEDULE:
            _about_visit(session, reply, parsed, context)
        case Meaning.INBOX if _answers_question(session, reply, parsed):
            return
        case Meaning.INBOX:
            _open(session, reply, parsed.rule)
        case Meaning.AUTOMATIC:
            pass
    if parsed.hold and point.held_at is None:
        point.held_at = now(session)


def _answers_question(session: Session, reply: Reply, parsed: Parsed) -> bool:
    """True for a bare number from someone who was asked how things are: kept with its visit, nobody need read it."""
    if parsed.rating is None or reply.contact_point_id is None:
        return False
    asked = open_question(session, reply.contact_point_id, reply.received_at)
    if asked is None:
        return False
    reply.patient_id = asked.patient_id
    reply.appointment_id, reply.appointment_version = asked.appointment_id, asked.appointment_version
    reply.rule = "answers_follow_up"
    return True


def _about_visit(session: Session, reply: Reply, parsed: Parsed, context: ReplyContext) -> None:
    if context.visit is None:
        _open(session, reply, context.doubt)
        return
    emit(
        session,
        EVENTS[parsed.meaning],
        context.visit.id,
        ReplyMeant(
            appointment_id=context.visit.id,
            appointment_version=context.visit.version,
            patient_id=context.visit.patient_id,
            reply_id=reply.id,
            channel=reply.channel,
            received_at=reply.received_at,
        ),
    )
    if parsed.answer or not parsed.hold:
        plan_answer(session, reply, f"reply_{parsed.meaning.value}", context.language)
    if parsed.meaning is not Meaning.CONFIRM:
        _open(session, reply, parsed.meaning.value)


def _open(session: Session, reply: Reply, why: str) -> None:
    """Leave the reply in the inbox, under the reason it needs a person."""
    reply.state, reply.why_open = "open", why
    if why in ("cannot_come", "reschedule", "opted_out_and_asks_about_visit"):
        open_staff_item(
            session,
            "visit_question",
            reply.id,
            patient_id=reply.patient_id,
            appointment_id=reply.appointment_id,
            contact_point_id=reply.contact_point_id,
            code=why,
        )
