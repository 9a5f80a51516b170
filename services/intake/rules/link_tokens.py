"""Tokens of personal links: 256 random bits, of which only the hash is stored."""

import hashlib
import re
import secrets
from typing import Final

TOKEN_BYTES: Final = 32
TOKEN_LENGTH: Final = 43
# The link in an offer's text comes with the offer: 128 bits, because one text has no room for more.
OFFER_TOKEN_LENGTH: Final = 22
#: Where a link of each purpose is opened. The token stands behind `#`, which no browser sends to a server.
PLACES: Final = {"answer": "/intake/q", "status": "/intake/s", "offer": "/intake/o"}
_LETTERS = re.compile(r"[A-Za-z0-9_-]+")
_IN_LINK = re.compile(r"(?:^|[=/])([A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{43})/?$")


def new_token() -> str:
    """A fresh token: 43 characters, shown once."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def may_be_token(token: str, purpose: str) -> bool:
    """False for what cannot be a token of `purpose`, so that nobody need look for it."""
    wanted = OFFER_TOKEN_LENGTH if purpose == "offer" else TOKEN_LENGTH
    return len(token) == wanted and _LETTERS.fullmatch(token) is not None


def link_path(purpose: str, token: str, language: str = "") -> str:
    """The path of a link; its token never reaches a server's log, only the page's script or a person posts it."""
    return f"{PLACES[purpose]}{f'?lang={language}' if language else ''}#t={token}"


def token_in(pasted: str) -> str:
    """The token in a whole link, or a token by itself; "" when there is none."""
    found = _IN_LINK.search(pasted.strip())
    return found.group(1) if found else ""
