"""Third-party files of the pages, straight from `node_modules/`, compressed once and kept in memory.

The services serve the same addresses when they stand alone; here they cost a page less and a worker nothing.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDERS = {"uswds": "@uswds/uswds/dist", "htmx": "htmx.org/dist"}
ADDRESS = re.compile(r"(?:/[a-z]+)?/static/lib/([a-z]+)/([A-Za-z0-9_./@-]+)\Z")
OWN_STYLE = "/static/gateway.css"
COMPRESSIBLE = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json"}


@dataclass(frozen=True)
class Asset:
    """A file as it is sent. `packed` is None when compression would not help."""

    content_type: str
    plain: bytes
    packed: bytes | None
    etag: str


class Assets:
    """Looks files up by address below one `node_modules` folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.find = lru_cache(maxsize=512)(self._find)

    def _find(self, path: str) -> Asset | None:
        """Return the file at `path`, or None when there is none or it lies outside the served folders."""
        if path == OWN_STYLE:
            return _asset(Path(__file__).parent / "static" / "gateway.css")
        match = ADDRESS.match(path)
        if match is None or match[1] not in FOLDERS:
            return None
        top = (self._folder / FOLDERS[match[1]]).resolve()
        file = (top / match[2]).resolve()
        if not file.is_relative_to(top) or not file.is_file():
            return None
        return _asset(file)


def _asset(file: Path) -> Asset:
    plain = file.read_bytes()
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    packed = gzip.compress(plain, 9, mtime=0) if kind in COMPRESSIBLE and len(plain) > 1000 else None
    return Asset(kind, plain, packed, f'"{hashlib.sha256(plain).hexdigest()[:16]}"')
