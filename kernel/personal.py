"""Personal data has a type: it prints redacted, rests encrypted, and is read only by saying so."""

import unicodedata
from typing import Any, Generic, TypeVar, overload
from uuid import UUID

from kernel.exact_json import dumps, loads
from kernel.keyring import keyring

V = TypeVar("V")
_NOT_KEPT: tuple[None, None, None] = (None, None, None)


class Personal(Generic[V]):
    """A value about a person. `str()`, `repr()` and logging show only that there is one."""

    __slots__ = ("_value",)

    def __init__(self, value: V) -> None:
        self._value = value

    def reveal(self) -> V:
        """Return the value itself; the call is what a reviewer searches for."""
        return self._value

    def __repr__(self) -> str:
        return "Personal(•••)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


class PersonalField(Generic[V]):
    """A mapped class's view of one encrypted column: `phone = PersonalField[str]("phone_sealed")`.

    The column holds `bytes`; the associated data is service.table.column.row id, so a sealed value copied to
    another row, column or service does not open. The row's `id` must be set before the field is.

    A text that was sealed or opened here is kept beside the bytes it was sealed to, and read from there as long as the
    column holds these very bytes and the process these keys. A list or an object is opened each time: whoever reads it
    may change it.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._kept = f"_held_{column}"

    @overload
    def __get__(self, row: None, owner: type) -> "PersonalField[V]": ...
    @overload
    def __get__(self, row: object, owner: type) -> Personal[V] | None: ...
    def __get__(self, row: object | None, owner: type) -> "PersonalField[V] | Personal[V] | None":
        if row is None:
            return self
        stored = getattr(row, self._column)
        if stored is None:
            return None
        held: Personal[V] | None
        sealed, keys, held = row.__dict__.get(self._kept, _NOT_KEPT)
        if held is None or sealed is not stored or keys is not keyring():
            held = Personal(self._opened(stored, self._place(row)))
            self._keep(row, stored, held)
        return held

    def __set__(self, row: object, value: "Personal[V] | V | None") -> None:
        plain: Any = value.reveal() if isinstance(value, Personal) else value
        sealed = None
        if plain is not None:
            text = dumps(plain)
            sealed = keyring().encrypt(text.encode(), self._place(row))
            self._keep(row, sealed, Personal(plain))
        setattr(row, self._column, sealed)

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner

    def read(self, stored: bytes, row_id: UUID | str) -> Personal[V]:
        """What the column holds for the row of that id: `__get__` for thousands of rows read without objects."""
        return Personal(self._opened(stored, self._place_of(self._owner, row_id)))

    def _keep(self, row: object, sealed: bytes, held: Personal[Any]) -> None:
        if type(held.reveal()) is str:
            row.__dict__[self._kept] = (sealed, keyring(), held)

    def _opened(self, stored: bytes, place: str) -> V:
        return open_json(stored, place)  # type: ignore[no-any-return]

    def _place(self, row: object) -> str:
        row_id = getattr(row, "id", None)
        if not isinstance(row_id, UUID):
            raise ValueError("set the row's id before a personal field")
        return self._place_of(type(row), row_id)

    def _place_of(self, mapped: type, row_id: UUID | str) -> str:
        table = mapped.__table__  # type: ignore[attr-defined]
        return f"{table.metadata.info['service']}.{table.name}.{self._column}.{row_id}"


def seal_json(value: Any, place: str) -> bytes:
    """Encrypt a JSON value for a row that is not mapped; `place` as in `Keyring.encrypt`."""
    return seal_text(dumps(value), place)


def seal_text(text: str, place: str) -> bytes:
    """As `seal_json`, for a value that is written as JSON already."""
    return keyring().encrypt(text.encode(), place)


def open_json(stored: bytes, place: str) -> Any:
    """Return what `seal_json` sealed at `place`; raises `UnreadableField`."""
    # As text: given bytes, json looks for their encoding first.
    return loads(open_text(stored, place))


def open_text(stored: bytes, place: str) -> str:
    """Return what `seal_text` sealed at `place`; raises `UnreadableField`."""
    return keyring().decrypt(stored, place).decode()


def name_index(name: str) -> bytes:
    """Blind index of a personal name: case, accents and spacing do not tell two names apart."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return keyring().blind_index("name", " ".join(letters.split()))


def phone_index(e164: str) -> bytes:
    """Blind index of a phone number in E.164."""
    return keyring().blind_index("phone", e164)


def email_index(address: str) -> bytes:
    """Blind index of an e-mail address, case folded."""
    return keyring().blind_index("email", address.strip().casefold())


def birth_date_index(iso_date: str) -> bytes:
    """Blind index of a date of birth written YYYY-MM-DD."""
    return keyring().blind_index("birth_date", iso_date)
