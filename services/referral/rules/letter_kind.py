"""What a letter really is, by its first bytes; its name and the sender's word count for nothing."""

LARGEST_LETTER_BYTES = 2 * 1024 * 1024
_STARTS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


def letter_kind(content: bytes) -> str | None:
    """Return the media type of a letter we keep (PDF, PNG, JPEG, TIFF), or None."""
    return next((kind for start, kind in _STARTS if content.startswith(start)), None)
