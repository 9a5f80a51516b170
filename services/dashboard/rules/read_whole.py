"""A small whole number typed into a form."""


def read_whole(typed: str, most: int) -> int | None:
    """Return the number from 1 to `most` that `typed` is, or None; spaces around it do not count."""
    text = typed.strip()
    # The length first: a number of any length would be read whole before its size is known.
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if 1 <= number <= most else None
