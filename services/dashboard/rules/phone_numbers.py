"""A US phone number typed or pasted in any way."""

import re


def to_e164(text: str) -> str:
    """Return +1 and ten digits, or "" when the text is not one US number."""
    digits = re.sub(r"\D", "", text)
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    return f"+1{digits}" if re.fullmatch(r"[2-9]\d{2}[2-9]\d{6}", digits) else ""
