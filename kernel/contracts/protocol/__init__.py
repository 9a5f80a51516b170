"""The protocol this project ships, and its golden cases, as data beside the contracts."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

from kernel.evidence import Protocol, compile_protocol, load_document
from kernel.evidence.golden import GoldenCase, read_golden_cases

SHIPPED: Final = "headache_spine_1.json"
GOLDEN: Final = "golden_cases.json"


def shipped_document() -> dict[str, Any]:
    """A fresh copy of the shipped document, to store, edit or compare."""
    return load_document(resources.files(__package__).joinpath(SHIPPED).read_bytes())


@cache
def shipped_protocol() -> Protocol:
    """The shipped document, compiled once a process."""
    return compile_protocol(shipped_document())


@cache
def golden_cases() -> tuple[GoldenCase, ...]:
    """The cases that must hold before any version of the shipped protocol is published."""
    return read_golden_cases(load_document(resources.files(__package__).joinpath(GOLDEN).read_bytes()))
