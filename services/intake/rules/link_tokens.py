"""Tokens of personal links: 256 random bits, of which only the hash is stored."""

import hashlib
import secrets
from typing import Final

TOKEN_BYTES: Final = 32
TOKEN_LENGTH: Final = 43
# The link in an offer's text comes with the offer: 128 bits, because one text has no room for more.
OFFER_TOKEN_LENGTH: Final = 22


def new_token() -> str:
    """A fresh token: 43 characters, shown once."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def may_be_token(token: str, purpose: str) -> bool:
    """False for what cannot be a token of `purpose`, so that nobody need look for it."""
    wanted = OFFER_TOKEN_LENGTH if purpose == "offer" else TOKEN_LENGTH
    return len(token) == wanted and token.isascii()
