"""A sealed JSON column that is compressed first: an evidence tree is 60 kB of much the same words."""

import json
import zlib
from typing import Any

from kernel.keyring import keyring
from kernel.personal import Personal, PersonalField, V


class PackedField(PersonalField[V]):
    """As `PersonalField`, with zlib (level 1: a tenth of the size for half a millisecond) under the encryption."""

    def _opened(self, stored: bytes, place: str) -> V:
        return json.loads(zlib.decompress(keyring().decrypt(stored, place)))  # type: ignore[no-any-return]

    def __set__(self, row: object, value: "Personal[V] | V | None") -> None:
        plain: Any = value.reveal() if isinstance(value, Personal) else value
        sealed = None
        if plain is not None:
            text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
            sealed = keyring().encrypt(zlib.compress(text.encode(), 1), self._place(row))
        setattr(row, self._column, sealed)
