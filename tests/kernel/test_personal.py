import json
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kernel.database import service_metadata
from kernel.ids import new_id
from kernel.keyring import Keyring, UnreadableField, use_keyring
from kernel.personal import Personal, PersonalField, email_index, name_index, phone_index
from tests.kernel.conftest import a_key


class Base(DeclarativeBase):
    metadata = service_metadata("alpha")


class Person(Base):
    __tablename__ = "person"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone = PersonalField[str]("phone_sealed")
    note = PersonalField[str]("note_sealed")


def a_person(phone: str | None = "+18165550101") -> Person:
    person = Person(id=new_id())
    person.phone = phone
    return person


def test_a_personal_value_prints_redacted_and_opens_on_purpose() -> None:
    person = a_person()
    assert person.phone is not None
    assert "816" not in f"{person.phone} {person.phone!r} {[person.phone]}"
    assert person.phone.reveal() == "+18165550101"
    assert b"816" not in (person.phone_sealed or b"")


def test_a_column_read_without_its_object_opens_only_for_its_own_row() -> None:
    person = a_person()
    assert person.phone_sealed is not None
    assert Person.phone.read(person.phone_sealed, person.id).reveal() == "+18165550101"
    with pytest.raises(UnreadableField):
        Person.phone.read(person.phone_sealed, new_id())
    with pytest.raises(UnreadableField):
        Person.note.read(person.phone_sealed, person.id)


def test_an_absent_value_stays_absent() -> None:
    assert a_person(None).phone is None


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert a_person().phone_sealed != a_person().phone_sealed


def test_a_sealed_value_moved_to_another_row_does_not_open() -> None:
    thief, owner = a_person(), a_person("+19135550102")
    thief.phone_sealed = owner.phone_sealed
    with pytest.raises(UnreadableField):
        _ = thief.phone


def test_a_sealed_value_moved_to_another_column_does_not_open() -> None:
    person = a_person()
    person.note_sealed = person.phone_sealed
    with pytest.raises(UnreadableField):
        _ = person.note


def test_one_changed_byte_is_noticed() -> None:
    person = a_person()
    sealed = bytearray(person.phone_sealed or b"")
    sealed[-1] ^= 1
    person.phone_sealed = bytes(sealed)
    with pytest.raises(UnreadableField):
        _ = person.phone


@pytest.mark.fault("F54", "F55")
def test_an_older_key_still_opens_what_it_sealed_and_a_missing_one_does_not() -> None:
    person = a_person()
    both = {"current": 2, "keys": {"1": a_key(1), "2": a_key(2)}, "index": a_key(9)}
    use_keyring(Keyring.from_json(json.dumps(both)))
    assert person.phone == Personal("+18165550101")
    use_keyring(Keyring.from_json(json.dumps({"current": 2, "keys": {"2": a_key(2)}, "index": a_key(9)})))
    with pytest.raises(UnreadableField):
        _ = person.phone


def test_the_row_id_comes_first() -> None:
    with pytest.raises(ValueError, match="id before"):
        Person().phone = "+18165550101"


def test_blind_indexes_fold_what_people_type_differently() -> None:
    assert name_index("  Ñandú  O'Brien ") == name_index("nandu o'brien")
    assert email_index("Ana@Example.test ") == email_index("ana@example.test")
    assert phone_index("+18165550101") != phone_index("+18165550102")
    assert len(phone_index("+18165550101")) == 16


@pytest.mark.fault("F55")
@pytest.mark.parametrize("bad", ["{}", "[]", '{"current": 1, "keys": {"1": "AAAA"}, "index": "AAAA"}', "no"])
def test_bad_keys_are_refused_at_start(bad: str) -> None:
    with pytest.raises(ValueError):
        Keyring.from_json(bad)


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x01\x02", b"\x07" + bytes(40), b"\x01" + bytes(12)])
def test_what_was_cut_short_is_unreadable_and_nothing_else(kernel_keys: Keyring, stored: bytes) -> None:
    with pytest.raises(UnreadableField):
        kernel_keys.decrypt(stored, "somewhere")
