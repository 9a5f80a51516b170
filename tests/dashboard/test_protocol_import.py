"""A protocol brought in as a file: what is wrong with it is said with its line, and nothing is sent to the owner."""

import io
import json
import re
from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from tests.dashboard.conftest import Dashboard

BOMB = "a: &a [x, x]\n" + "".join(
    f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"number": 1,\n "document": {"id": }}', "Line 2:"),
        (b'{"id": "x",\n"id": "y"}', "<b>Line 2:</b> the key"),
        (BOMB.encode(), "Line 1:"),
        (b"[" * 100_000, "<b>Line 1:</b> at most 40 levels are read"),
        (b'{"a":\n' * 60_000, "<b>Line 41:</b> at most 40 levels are read"),
        (b'{"x": "' + b"y" * 10_000_000 + b'"}', "bytes are read"),
        (b'{"x": "' + b"y" * 32_000_000 + b'"}', "larger than this page takes"),
        (b'{"x": "' + b"y" * 2_000_000 + b'"}', "bytes are read"),
        (b"\xff\xfe\n{}", "UTF-8"),
        (b'{"x":\n\nNaN}', "<b>Line 3:</b> NaN is not a number"),
        (b"[1, 2]", "one JSON object"),
    ],
    ids=[
        "cut",
        "key-twice",
        "aliases",
        "deep-lists",
        "deep-objects",
        "ten-megabytes",
        "thirty-megabytes",
        "two-megabytes",
        "not-text",
        "nan",
        "list",
    ],
)
def test_a_file_that_is_no_protocol_is_refused_with_its_line_and_nothing_is_sent(
    clinic: Dashboard, content: bytes, told: str
) -> None:
    browser = clinic.signed_in("nurse")
    browser.get("/staff/protocol")
    before = len([call for call in clinic.world.calls if call["method"] == "POST"])
    form = {"title": "From a file", "key": "k9", "document": (io.BytesIO(content), "protocol.json")}
    answer = browser.post("/staff/protocol/drafts", form, content_type="multipart/form-data")
    beyond_the_gateway = len(content) > 31_000_000
    assert answer.status_code == (413 if beyond_the_gateway else 422), answer.text[:400]
    assert beyond_the_gateway or 'name="title" required maxlength="200" value="From a file"' in answer.text
    assert told in answer.text
    assert "Nothing was stored" in answer.text
    assert len([call for call in clinic.world.calls if call["method"] == "POST"]) == before


def _with(section: str, place: int, **says: Any) -> bytes:
    """An exported file in which one rule or flag says something else, a value a line."""
    document = shipped_document()
    listed = document["routes"]["rules"] if section == "rules" else document[section]
    listed[place] |= says
    return json.dumps({"number": 1, "document": document}, indent=1).encode()


@pytest.mark.parametrize(
    ("content", "written", "told"),
    [
        (
            _with("rules", 1, when={"variable": "limb_weaknes", "operator": "eq", "value": "stable"}),
            '"variable": "limb_weaknes"',
            "no variable &#39;limb_weaknes&#39;",
        ),
        (
            _with("red_flags", 3, when={"variable": "fever", "operator": "eq", "value": "often"}),
            '"value": "often"',
            "fever is true or false",
        ),
        (_with("rules", 4, when={"ref": "SC5.when"}), '"ref": "SC5.when"', "refers to itself"),
        (_with("rules", 2, id="SN04"), '"id": "SN04"', "SN04 is already used at"),
        (_with("red_flags", 0, action="Q"), '"action": "Q"', "no action"),
    ],
    ids=["unknown-variable", "wrong-type", "circle", "id-twice", "unknown-action"],
)
def test_a_protocol_that_does_not_compile_is_refused_with_the_line_and_the_reason(
    clinic: Dashboard, content: bytes, written: str, told: str
) -> None:
    browser = clinic.signed_in("nurse")
    browser.get("/staff/protocol")
    before = len([call for call in clinic.world.calls if call["method"] == "POST"])
    form = {"title": "From a file", "key": "k9", "document": (io.BytesIO(content), "protocol.json")}
    answer = browser.post("/staff/protocol/drafts", form, content_type="multipart/form-data")
    assert answer.status_code == 422
    stands_in = [n for n, line in enumerate(content.decode().splitlines(), 1) if written in line][-1]
    found = re.search(rf"<b>Line {stands_in}:</b> ([^<]*)", answer.text)
    assert found is not None and told in found[1], answer.text
    assert len([call for call in clinic.world.calls if call["method"] == "POST"]) == before
