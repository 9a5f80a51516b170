"""Text of a document that must not reach a page: scripts, control characters, overrides of the reading direction."""

import html
import re
from typing import Final

_SCRIPT: Final = re.compile(
    r"<\s{0,9}/?\s{0,9}(script|iframe|object|embed|base|meta|link|form)\b|<[^<>]{0,400}[\s/\"']on[a-z]{3,20}\s{0,9}="
    r"|(?:^|[\s\"'(=])(?:(?:javascript|vbscript)\s{0,9}:|data\s{0,9}:\s{0,9}text/html)",
    re.IGNORECASE,
)
_DRAWN: Final = re.compile(r"<\s{0,9}/?\s{0,9}(style|svg|on\w+)\b", re.IGNORECASE)
#: U+202A-202E turn what follows around; marks and isolates (U+200E-200F, U+2066-2069) are good typing.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e]|[\ud800-\udfff]")
_BREAKS: Final = re.compile(r"[\t\r\n]")


def unsafe_text(text: str, *, narrative: bool = False) -> str | None:
    """The code of what is wrong (script, control_characters), or None. `narrative` text is HTML and may be styled."""
    if any(
        _SCRIPT.search(read) or (not narrative and _DRAWN.search(read)) for read in _as_browsers_read(text)
    ):
        return "script"
    return "control_characters" if _CONTROL.search(text) else None


def _as_browsers_read(text: str) -> tuple[str, ...]:
    """The text, and what a browser makes of it inside an attribute: entities resolved, no tabs or line ends."""
    if "<" not in text or ("&" not in text and not _BREAKS.search(text)):
        return (text,)
    return text, _BREAKS.sub("", html.unescape(text))
