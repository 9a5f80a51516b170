"""What a PDF asks a reader to do, and what it unpacks to: its streams are unpacked up to a limit, nothing is run."""

import re
import zlib
from dataclasses import dataclass, field
from typing import Final

MOST_UNPACKED: Final = 50_000_000
MOST_STREAMS: Final = 20_000
MOST_LAYERS: Final = 2
# /OpenAction is not among them: most often it says which page to show first, and what it could run has its own name.
_ACTIVE: Final = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|AA|RichMedia|XFA|SubmitForm|ImportData)\b")
_PAGE: Final = re.compile(rb"/Type\s{0,8}/Page\b(?!s)")
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_FLATE: Final = re.compile(rb"/(?:FlateDecode|Fl)\b")
_DICTIONARY: Final = 2_048


@dataclass(slots=True)
class PdfFound:
    """`pages` at least 1; `problem` is a code for the first thing that must not be handed out, "" for none."""

    pages: int = 1
    problem: str = ""
    _words: list[bytes] = field(default_factory=list)


def look_into_pdf(content: bytes) -> PdfFound:
    """Look at a PDF's objects, those packed in object streams too, and count what all its streams unpack to.

    Problems: `encrypted`, `active_content` (names may be written with #xx), `unpacks_too_large`, `odd_filters`.
    Words inside pictures and fonts are not read: they are not instructions.
    """
    found = PdfFound()
    place, room = 0, MOST_UNPACKED
    for number, start in enumerate(_STREAM.finditer(content)):
        if start.start() < place:
            continue
        if number > MOST_STREAMS:
            return PdfFound(problem="odd_filters")
        found._words.append(content[place : start.start()])
        end = content.find(b"endstream", start.end())
        end = len(content) if end < 0 else end
        says = _plain(content[max(place, start.start() - _DICTIONARY) : start.start()])
        says = says[says.rfind(b"obj") + 3 :]
        layers = len(_FLATE.findall(says))
        if layers > MOST_LAYERS:
            return PdfFound(problem="odd_filters")
        unpacked, over = _unpack(content[start.end() : end], layers, room)
        if over:
            return PdfFound(problem="unpacks_too_large")
        room -= len(unpacked) if layers else 0
        if b"/ObjStm" in says:
            found._words.append(unpacked)
        place = end
    found._words.append(content[place:])
    said = _plain(b"\n".join(found._words))
    found.pages = max(1, len(_PAGE.findall(said)))
    if b"/Encrypt" in said:
        found.problem = "encrypted"
    elif _ACTIVE.search(said):
        found.problem = "active_content"
    return found


def _plain(words: bytes) -> bytes:
    """Names as a reader understands them: `/J#53` is `/JS`."""
    return _ESCAPED.sub(lambda hit: bytes([int(hit.group(1), 16)]), words) if b"#" in words else words


def _unpack(packed: bytes, layers: int, room: int) -> tuple[bytes, bool]:
    """The bytes after `layers` of deflate, and whether there are more than `room`. What does not unpack is nothing."""
    for _ in range(layers):
        unpacker = zlib.decompressobj()
        try:
            packed = unpacker.decompress(packed, room + 1)
        except zlib.error:
            return b"", False
        if len(packed) > room:
            return b"", True
    return packed, False
