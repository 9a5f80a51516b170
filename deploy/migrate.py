"""Bring this image's service's database up to date, as its owner role; the last line says what was done."""

import os
import sys
from pathlib import Path

from kernel.migrate import upgrade


def main() -> int:
    """Read OWNER_DATABASE_URL_FILE, migrate, return the exit code."""
    service = os.environ["SERVICE"]
    address = Path(os.environ["OWNER_DATABASE_URL_FILE"]).read_text(encoding="utf-8").strip()
    upgrade(service, address)
    print(f"{service}: the database is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
