"""Is an upload what it claims to be? By its own bytes: type, size, pages and pixels; nothing is unpacked or run."""

import re
import struct
import zlib
from dataclasses import dataclass
from typing import Final

from services.intake.rules.pdf_check import look_into_pdf

MOST_BYTES: Final = 5_000_000
MOST_PIXELS: Final = 40_000_000
MOST_UNPACKED: Final = 50_000_000
MOST_PAGES: Final = 50
TYPES: Final = ("application/pdf", "image/jpeg", "image/png")
#: The harmless line every scanner answers to; it lets a clinic check that quarantine works.
TEST_VIRUS: Final = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


@dataclass(frozen=True, slots=True)
class UploadVerdict:
    """`refused` is a code when nothing is stored; `quarantined` a code when it is stored but never handed out."""

    media_type: str = ""
    pages: int = 1
    refused: str = ""
    quarantined: str = ""


def check_upload(content: bytes, claimed: str) -> UploadVerdict:
    """Judge `content`; `claimed` is the browser's media type and must be what the bytes say."""
    if not content:
        return UploadVerdict(refused="empty")
    if len(content) > MOST_BYTES:
        return UploadVerdict(refused="too_large")
    found = _type_of(content)
    if not found:
        return UploadVerdict(refused="type_not_taken")
    if claimed not in (found, "application/octet-stream", ""):
        return UploadVerdict(found, refused="type_differs")
    if TEST_VIRUS in content:
        return UploadVerdict(found, quarantined="malware")
    if found == "application/pdf":
        return _pdf(content)
    size = _png_size(content) if found == "image/png" else _jpeg_size(content)
    if size is None:
        return UploadVerdict(found, refused="damaged")
    if size[0] * size[1] > MOST_PIXELS:
        return UploadVerdict(found, refused="too_many_pixels")
    if found == "image/png" and not _png_unpacks(content, size):
        return UploadVerdict(found, refused="damaged")
    if re.search(rb"<script|<\?php|<html", content, re.IGNORECASE):
        return UploadVerdict(found, quarantined="two_types_at_once")
    return UploadVerdict(found)


def _type_of(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return ""


def _pdf(content: bytes) -> UploadVerdict:
    if b"%%EOF" not in content[-2048:]:
        return UploadVerdict("application/pdf", refused="damaged")
    found = look_into_pdf(content)
    if found.pages > MOST_PAGES:
        return UploadVerdict("application/pdf", found.pages, refused="too_many_pages")
    return UploadVerdict("application/pdf", found.pages, quarantined=found.problem)


def _png_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 24 or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return (width, height) if width and height else None


def _png_unpacks(content: bytes, size: tuple[int, int]) -> bool:
    """The picture data unpacks, to no more than its size allows: a small file can hide a very large one."""
    width, height = size
    # Four channels of two bytes a point, a byte before each line, and again as much as interlacing may add.
    most = min(MOST_UNPACKED, 2 * height * (width * 8 + 1) + 1024)
    place, packed = 8, bytearray()
    while place + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        if kind == b"IDAT":
            packed += content[place + 8 : place + 8 + length]
        if kind == b"IEND":
            break
        place += 12 + length
    unpacker = zlib.decompressobj()
    try:
        out = unpacker.decompress(bytes(packed), most)
    except zlib.error:
        return False
    return bool(out) and not unpacker.unconsumed_tail


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 < len(content):
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return (width, height) if width and height else None
        (length,) = struct.unpack(">H", content[place + 2 : place + 4])
        place += 2 + length
    return None
