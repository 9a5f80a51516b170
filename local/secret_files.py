"""Small files that only their owner can read, written whole or not at all."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: str) -> None:
    """Write `content` to `path` with mode 0600, by way of a temporary file in the same folder."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def password_in(path: Path) -> str:
    """Return the password kept in `path`, made on first use (43 URL-safe characters)."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8").strip()
