"""A whole number as people and programs type it into forms and addresses."""


def read_whole(typed: str, most: int, *, least: int = 0) -> int | None:
    """Return the number from `least` (not below 0) to `most` that `typed` is, or None; spaces around it do not count.

    `str.isdigit` alone lets "²" through, which `int` refuses, and a number of any length, which `int` reads whole
    before its size is known: only ASCII digits count, and no more of them than `most` has.
    """
    text = typed.strip()
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if least <= number <= most else None
