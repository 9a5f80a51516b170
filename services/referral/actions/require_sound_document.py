"""Refuse a document that could never be published, before anything of it is stored."""

from collections.abc import Mapping
from typing import Any

from kernel.evidence import ProtocolError, compile_protocol
from kernel.evidence.lines import located
from kernel.web.problems import FieldProblem, invalid

MOST_LISTED = 50


def require_sound_document(document: Mapping[str, Any], body: str) -> None:
    """Raise 422 with place, reason and line of every fault; `body` is the request as sent, the document under its key.

    Line 1 is the first of `body`, whatever a client made of the file before.
    """
    try:
        compile_protocol(document)
    except ProtocolError as refused:
        raise invalid(
            [
                FieldProblem(
                    f"document.{one.path}" if one.path else "document", one.code, one.message, one.line
                )
                for one in located(refused.problems[:MOST_LISTED], body, "document")
            ],
            "The document has faults. The protocol in force stays as it was.",
        ) from None
