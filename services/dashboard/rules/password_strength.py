"""Which passwords staff may choose: long, not guessable from the clinic, not a repetition."""

import re
import unicodedata

SHORTEST, LONGEST = 15, 128
CLINIC_NAMES = ("waymark", "prairiecrossing", "headachespine", "headacheclinic")
COMMON_STEMS = (
    "password",
    "passphrase",
    "qwertyuiop",
    "letmein",
    "iloveyou",
    "correcthorsebatterystaple",
    "administrator",
    "welcome",
    "123456789",
    "abcdefghijk",
    "changeme",
)


def normalised(password: str) -> str:
    """Return the one form in which a password is stored and compared (NFKD, as Flask-Security does)."""
    return unicodedata.normalize("NFKD", password)


def password_problem(password: str, about: tuple[str, ...] = ()) -> str:
    """Return a code for what is wrong with `password`, or "". `about`: the person's own name and address."""
    text = normalised(password)
    if len(text) < SHORTEST:
        return "too_short"
    if len(text) > LONGEST:
        return "too_long"
    folded = re.sub(r"[^a-z0-9]", "", text.casefold())
    if any(word in folded for word in CLINIC_NAMES):
        return "names_the_clinic"
    own = {part for given in about for part in re.split(r"[^a-z0-9]+", given.casefold()) if len(part) >= 4}
    if any(part in folded for part in own):
        return "names_the_person"
    if len(set(text)) < 5 or re.fullmatch(r"(.{1,4})\1+", text):
        return "repeats"
    if any(stem in folded and len(folded) - len(stem) < 8 for stem in COMMON_STEMS):
        return "too_common"
    return ""
