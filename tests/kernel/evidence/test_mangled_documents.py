"""Whatever is done to a document, compiling it gives a protocol or a refusal, never another error."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.contracts.protocol import shipped_document
from kernel.evidence import ProtocolError, compile_protocol, evaluate

SHIPPED = shipped_document()
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "fever",
    "SN04",
    [],
    {},
    [[]],
    [None],
    {"id": 1},
    [{"id": "x"}],
    {"variable": "fever"},
]


def mangled(seed: int) -> dict[str, Any]:
    """The shipped document with one to three values somewhere replaced, dropped or doubled."""
    chance = random.Random(seed)
    document = copy.deepcopy(SHIPPED)
    for _ in range(chance.randint(1, 3)):
        part: Any = document
        while True:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(part[key], dict | list) and chance.random() < 0.8:
                part = part[key]
                continue
            deed = chance.random()
            if deed < 0.6:
                part[key] = copy.deepcopy(chance.choice(JUNK))
            elif deed < 0.8:
                del part[key]
            elif isinstance(part, list):
                part.append(copy.deepcopy(part[key]))
            else:
                part[f"{key}x"] = part[key]
            break
    return document


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**9))
def test_a_mangled_document_compiles_or_is_refused(seed: int) -> None:
    document = mangled(seed)
    try:
        protocol = compile_protocol(document)
    except ProtocolError as refusal:
        assert refusal.problems
        return
    assert evaluate(protocol, {}).route in protocol.routing.order


@pytest.mark.parametrize("key", sorted(SHIPPED))
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_every_section_replaced_by_junk(key: str, junk: Any) -> None:
    try:
        compile_protocol({**SHIPPED, key: junk})
    except ProtocolError as refusal:
        assert refusal.problems
