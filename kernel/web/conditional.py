"""ETag and If-Match: nobody overwrites what they have not seen."""

from typing import Any

from flask import request

from kernel.web.problems import Problem


def etag(version: int) -> str:
    """The entity tag of a record's version."""
    return f'"{version}"'


def require_match(version: int, /, **current: Any) -> None:
    """Raise 428 without If-Match, 412 when it does not name `version` (then with `current`, what the caller missed)."""
    given = request.headers.get("If-Match")
    if given is None:
        raise Problem(428, "precondition_required", "Send If-Match with the version you have seen.")
    if given != etag(version):
        raise Problem(
            412,
            "changed_meanwhile",
            "Someone changed this record after you read it. Nothing was changed now.",
            headers={"ETag": etag(version)},
            more={"current": current} if current else None,
        )
