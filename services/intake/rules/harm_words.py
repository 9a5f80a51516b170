"""Words that speak of ending one's life, in English and Spanish. Missing one is worse than one too many."""

import re
import unicodedata
from typing import Any, Final

_PATTERNS: Final = (
    r"\bkill(ing)? my ?self\b",
    r"\bsuicid",
    r"\bend (it|my life|it all|everything)\b",
    r"\b(want|wish|better|rather)\b.{0,20}\b(die|dead|not (be )?(alive|here))\b",
    r"\bhurt(ing)? my ?self\b",
    r"\bharm(ing)? my ?self\b",
    r"\bcan(no|')?t go on\b",
    r"\bcan not go on\b",
    r"\bno reason to live\b",
    r"\b(do not|don'?t) want to (live|be alive|wake up)\b",
    r"\bmatarme\b|\bme (voy a )?mat(o|e|ar)\b",
    r"\bquitarme la vida\b|\bacabar con (mi vida|todo)\b|\bterminar con (mi vida|todo)\b",
    r"\b(quiero|quisiera|prefiero|deseo)\b.{0,12}\bmorir",
    r"\bestaria mejor muert",
    r"\bhacerme dano\b|\blastimarme\b",
    r"\bno (quiero|deseo) (vivir|seguir viviendo|despertar)\b",
    r"\bya no puedo (mas|seguir)\b|\bno puedo seguir\b",
    r"\bsin (razon|ganas) (para|de) vivir\b",
)
_ANY: Final = re.compile("|".join(_PATTERNS))


def speaks_of_self_harm(text: str) -> bool:
    """True when `text` may speak of self-harm; accents, case and curly quotes do not hide it."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("\u2019", "'")
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return _ANY.search(" ".join(letters.split())) is not None


def is_about_self_harm(flag: Any) -> bool:
    """True for a red flag whose protocol entry asks that the 988 line be shown."""
    return "988" in (flag.document.get("show") or ())
