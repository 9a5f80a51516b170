"""Keys for personal data: AES-256-GCM with a key id in front, and a separate HMAC key for blind indexes."""

import hashlib
import hmac
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.settings import decode_key

NONCE_BYTES = 12
INDEX_BYTES = 16


class UnreadableField(Exception):
    """A stored value did not decrypt: wrong key, moved between rows, or changed. Never shown as empty."""


class Keyring:
    """Encrypts with the current key and decrypts with any key it holds."""

    def __init__(self, keys: dict[int, bytes], current: int, index_key: bytes) -> None:
        if current not in keys or any(len(key) != 32 for key in keys.values()) or len(index_key) != 32:
            raise ValueError("data keys must be 32 bytes each, and the current one present")
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self._current = current
        self._index = hmac.new(index_key, digestmod=hashlib.sha256)

    @classmethod
    def from_json(cls, text: str) -> "Keyring":
        """Read `{"current": 1, "keys": {"1": base64}, "index": base64}`; raises ValueError when it is not that."""
        try:
            given = json.loads(text)
            keys = {int(number): decode_key(key) for number, key in given["keys"].items()}
            return cls(keys, int(given["current"]), decode_key(given["index"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("data keys are not of the documented shape") from error

    def encrypt(self, plain: bytes, place: str) -> bytes:
        """Return key id (1 byte), nonce (12), ciphertext and tag. `place` = service.table.column.row id."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, plain, place.encode())
        return bytes([self._current]) + nonce + sealed

    def decrypt(self, stored: bytes, place: str) -> bytes:
        """Return the plain bytes written at `place`; raises `UnreadableField` for anything else."""
        cipher = self._ciphers.get(stored[0]) if stored else None
        if cipher is None:
            raise UnreadableField(place)
        try:
            return cipher.decrypt(stored[1 : 1 + NONCE_BYTES], stored[1 + NONCE_BYTES :], place.encode())
        except (InvalidTag, ValueError):
            raise UnreadableField(place) from None

    def blind_index(self, field: str, normalised: str) -> bytes:
        """Return 16 bytes of HMAC-SHA-256 by which equal values of one field can be found without reading them."""
        made = self._index.copy()
        made.update(field.encode() + b"\x00" + normalised.encode())
        return made.digest()[:INDEX_BYTES]


_keyring: Keyring | None = None


def use_keyring(keyring: Keyring) -> None:
    """Set this process's keyring; called once, in a composition root (or a test)."""
    global _keyring  # noqa: PLW0603 - one keyring a process, set once by its composition root
    _keyring = keyring


def keyring() -> Keyring:
    """Return this process's keyring; raises RuntimeError before `use_keyring`."""
    if _keyring is None:
        raise RuntimeError("no data keys are loaded in this process")
    return _keyring
