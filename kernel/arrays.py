"""Arrays as PostgreSQL writes them, for statements over many rows: `unnest(CAST(:ids AS uuid[]), …)`.

The driver's own dumper walks a list element by element in Python and costs some ten times as much, which is felt
when a statement settles a hundred messages. Each function's result is a parameter like any other, never SQL.
"""

from collections.abc import Iterable
from uuid import UUID


def ids_array(ids: Iterable[UUID | None]) -> str:
    """Return `ids` for `CAST(… AS uuid[])`."""
    return "{" + ",".join(["NULL" if one is None else one.hex for one in ids]) + "}"


def texts_array(texts: Iterable[str | None]) -> str:
    """Return `texts` for `CAST(… AS text[])`."""
    return "{" + ",".join(["NULL" if one is None else _quoted(one) for one in texts]) + "}"


def bytes_array(values: Iterable[bytes]) -> str:
    """Return `values` for `CAST(… AS bytea[])`."""
    return "{" + ",".join(['"\\\\x' + one.hex() + '"' for one in values]) + "}"


def numbers_array(numbers: Iterable[int | None]) -> str:
    """Return `numbers` for `CAST(… AS int[])`."""
    return "{" + ",".join(["NULL" if one is None else str(one) for one in numbers]) + "}"


def _quoted(text: str) -> str:
    if text.isalnum() and text.upper() != "NULL":
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
