"""The words by which a patient is found, normalised the same way when stored and when searched."""

import unicodedata
from typing import Final

SHORTEST: Final = 2
LONGEST: Final = 5


def folded(text: str) -> str:
    """Lower case, without accents, marks or punctuation, single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c) and c not in "'’")
    return " ".join("".join(letters).split())


def search_words(given: str, family: str, birth_date: str, phone: str) -> list[str]:
    """Beginnings (2 to 5 letters) of each part of the names, the birth date, the phone and its last four digits."""
    words = {f"birth:{birth_date}"}
    for part in f"{folded(given)} {folded(family)}".split():
        words |= {part[:length] for length in range(SHORTEST, min(len(part), LONGEST) + 1)} | {part[:LONGEST]}
    if phone:
        digits = phone.lstrip("+")
        words |= {f"phone:{digits}", f"last4:{digits[-4:]}"}
    return sorted(words)


def asked_words(query: str) -> list[str]:
    """What to look up for a staff member's query: every one must be among a patient's words."""
    words = []
    digits = "".join(c for c in query if c.isdigit())
    if len(digits) >= 10 and not any(c.isalpha() for c in query):
        return [f"phone:{digits if len(digits) > 10 else '1' + digits}"]
    for part in query.split():
        if len(part) == 10 and part[4] == part[7] == "-" and part.replace("-", "").isdigit():
            words.append(f"birth:{part}")
        elif len(part) == 4 and part.isdigit():
            words.append(f"last4:{part}")
        else:
            words += [piece[:LONGEST] for piece in folded(part).split() if len(piece) >= SHORTEST]
    return words
