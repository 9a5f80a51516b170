import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.strict_json import NotStrictJson, loads

REFUSED = [
    b"",
    b'{"a":1',
    b'{"a":1,}',
    b'{"a":1}{"a":2}',
    b'{"a":1,"a":2}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":1e999}',
    b'{"a":' + b"1" * 400 + b"}",
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":"\xff"}',
    b'{"a":"\xc0\xaf"}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\u0000"}',
    b'{"\\u0000":1}',
    b'{"a":["ok","\\u0000"]}',
    "{}".encode("utf-16"),
]


@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: repr(raw[:24]))
def test_what_is_not_plainly_json_is_refused(raw: bytes) -> None:
    with pytest.raises(NotStrictJson):
        loads(raw)


def test_brackets_inside_a_text_are_not_depth() -> None:
    text = "[" * 500 + "\\\\" + '\\"' + "{" * 500
    assert isinstance(loads(b'{"a":"' + text.encode() + b'"}'), dict)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(NotStrictJson):
        loads(raw)


@pytest.mark.parametrize("raw", [b'\\"' * 100_000, b'"' + b"\\\n" * 100_000, b'"' + b"a" * 200_000 + b"\\"])
def test_a_text_that_never_ends_is_refused_without_long_thought(raw: bytes) -> None:
    """The body is read before anybody has shown a token: its cost must grow with its length and no faster."""
    began = time.process_time()
    with pytest.raises(NotStrictJson):
        loads(raw)
    assert time.process_time() - began < 1.0
