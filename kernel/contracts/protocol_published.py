"""A protocol version is in force."""

from typing import Any

from kernel.events import Contract


class ProtocolPublished(Contract):
    """`document` is the whole protocol; `version` is its `meta.version`, `number` rises by one with each publishing."""

    version: str
    number: int
    document: dict[str, Any]
