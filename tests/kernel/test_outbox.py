from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.contracts.by_event import CONTRACTS
from kernel.contracts.contact_opt import ContactOpted
from kernel.database import Database
from kernel.events import Envelope, Event
from kernel.ids import new_id
from kernel.inbox import EventRefused, EventUnknown, hear
from kernel.outbox import emit, event_place
from kernel.personal import open_json
from kernel.routing import LISTENERS, SERVICES
from kernel.tables import EventDelivery, InboxEvent, OutboxEvent

AT = datetime(2027, 3, 2, 16, 0, tzinfo=UTC)


def opted() -> ContactOpted:
    return ContactOpted(patient_ids=[uuid4()], channel="sms", at=AT)


def envelope() -> Envelope:
    data = opted().model_dump(mode="json")
    return Envelope(id=new_id(), source="notify", type="contact_opted_out", subject="1", time=AT, data=data)


def test_an_event_exists_only_if_the_deed_commits(kernel_database: Database) -> None:
    with pytest.raises(RuntimeError), kernel_database.transaction() as session:
        emit(session, "contact_opted_out", "1", opted())
        raise RuntimeError
    with kernel_database.transaction() as session:
        assert session.scalars(select(OutboxEvent)).all() == []


def test_each_listener_is_owed_one_delivery_and_the_data_rests_sealed(kernel_database: Database) -> None:
    data = opted()
    with kernel_database.transaction() as session:
        event_id = emit(session, "contact_opted_out", "1", data)
    with kernel_database.transaction() as session:
        event = session.get_one(OutboxEvent, event_id)
        assert str(data.patient_ids[0]).encode() not in event.data_sealed
        assert open_json(event.data_sealed, event_place(event_id)) == data.model_dump(mode="json")
        owed = session.scalars(select(EventDelivery.listener).order_by(EventDelivery.listener)).all()
    assert tuple(owed) == tuple(sorted(LISTENERS["contact_opted_out"]))


def test_an_event_nobody_is_registered_for_is_a_mistake(kernel_database: Database) -> None:
    with pytest.raises(KeyError), kernel_database.transaction() as session:
        emit(session, "something_else", "1", opted())


def test_an_event_carries_only_its_own_contract(kernel_database: Database) -> None:
    with pytest.raises(TypeError), kernel_database.transaction() as session:
        emit(session, "reply_confirmed", "1", opted())


def test_every_event_has_listeners_and_a_contract() -> None:
    assert set(CONTRACTS) == set(LISTENERS)


def test_every_listener_is_a_service() -> None:
    assert {name for names in LISTENERS.values() for name in names} <= set(SERVICES)


def test_an_event_heard_twice_acts_once(kernel_database: Database) -> None:
    acted: list[Event] = []
    reactions = {"contact_opted_out": lambda _session, event: acted.append(event)}
    given = envelope()
    assert hear(kernel_database, reactions, given)
    assert not hear(kernel_database, reactions, given)
    assert len(acted) == 1


def test_a_reaction_that_fails_leaves_the_event_unheard(kernel_database: Database) -> None:
    def failing(session: Session, _: Event) -> None:
        session.execute(text("INSERT INTO lost_worker (worker_id) VALUES ('half')"))
        raise RuntimeError

    given = envelope()
    with pytest.raises(RuntimeError):
        hear(kernel_database, {"contact_opted_out": failing}, given)
    with kernel_database.transaction() as session:
        assert session.get(InboxEvent, given.id) is None
        assert session.execute(text("SELECT count(*) FROM lost_worker")).scalar_one() == 0


def test_an_event_of_an_unknown_type_or_shape_is_refused(kernel_database: Database) -> None:
    def parsing(_: Session, event: Event) -> None:
        ContactOpted.model_validate(event.data | {"channel": 7})

    with pytest.raises(EventUnknown, match="no reaction"):
        hear(kernel_database, {}, envelope())
    with pytest.raises(EventRefused, match="channel"):
        hear(kernel_database, {"contact_opted_out": parsing}, envelope())
