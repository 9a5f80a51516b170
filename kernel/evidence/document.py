"""A protocol document as text and as plain data: size and shape are checked before anything is compiled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from kernel.evidence.errors import Problem, ProtocolError
from kernel.evidence.lines import Lines, too_deep_at

BYTES_MAX: Final = 2_000_000
DEPTH_MAX: Final = 40
PARTS_MAX: Final = 60_000
TEXT_MAX: Final = 4_000
#: Remarks any part may carry, and their types.
_WHERE_GIVEN: Final[Mapping[str, type | tuple[type, ...]]] = {
    "name": str,
    "source": str,
    "status": str,
    "note": str,
    "label": dict,
    "signoff": dict,
    "show": list,
    "ack_minutes": int,
    "recheck_weeks": list,
    "coexists": list,
    "display_over": list,
}


#: What Python's parser says of a file that is not JSON, for people who never read JSON.
JSON_FAULTS: Final = {
    "Expecting value": "a value is missing here, or this is not JSON",
    "Expecting property name": "a name in double quotes is missing here, or a comma stands too many before it",
    "Expecting ',' delimiter": "a comma is missing here, or a bracket was not closed before",
    "Expecting ':' delimiter": "a colon is missing after the name",
    "Unterminated string": "a text that begins here has no closing quotation mark",
    "Invalid control character": "a line break or a tab stands inside a text",
    "Invalid \\": "a backslash inside a text has no meaning here",
    "Extra data": "something follows after the end of the document",
}


def load_document(text: str | bytes) -> dict[str, Any]:
    """The document of a file. JSON only; repeated keys, NaN and oversize are refused with their line."""
    raw = text if isinstance(text, bytes) else text.encode()
    if len(raw) > BYTES_MAX:
        raise ProtocolError([Problem("", "too_large", f"at most {BYTES_MAX:,} bytes are read")])
    try:
        document = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProtocolError([Problem("", "not_text", "the file is not UTF-8 text", line)]) from None
    except json.JSONDecodeError as error:
        raise ProtocolError([Problem("", "not_json", _json_words(error), error.lineno)]) from None
    except RecursionError:
        at_fault = too_deep_at(raw.decode(), DEPTH_MAX)
        raise ProtocolError(
            [Problem("", "too_deep", f"at most {DEPTH_MAX} levels are read", at_fault)]
        ) from None
    except ValueError as error:
        lines = Lines(raw.decode())
        at_fault = lines.key_twice or lines.no_number
        raise ProtocolError([Problem("", "not_json", str(error), at_fault)]) from None
    if not isinstance(document, dict):
        raise ProtocolError([Problem("", "wrong_type", "a protocol document is one JSON object")])
    return document


def _json_words(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "the file is empty"
    # A message of the parser begins with one of these, and may end in the character it met.
    found = (words for start, words in JSON_FAULTS.items() if error.msg.startswith(start))
    return f"{next(found, error.msg)} (column {error.colno})"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:64]!r} stands twice in one object")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number of JSON")


def check_shape(document: object) -> list[Problem]:
    """Problems of depth, size and key types, found without recursion."""
    if not isinstance(document, Mapping):
        return [Problem("", "wrong_type", "a protocol document is an object")]
    parts = 0
    pending: list[tuple[object, str, int]] = [(document, "", 1)]
    while pending:
        part, path, depth = pending.pop()
        parts += 1
        if parts > PARTS_MAX:
            return [Problem("", "too_large", f"at most {PARTS_MAX:,} values are read")]
        if depth > DEPTH_MAX:
            return [Problem(path[:200], "too_deep", f"at most {DEPTH_MAX} levels are read")]
        if isinstance(part, Mapping):
            for key, value in part.items():
                if not isinstance(key, str):
                    return [Problem(path[:200], "wrong_type", "every key is text")]
                pending.append((value, f"{path}.{key}" if path else key, depth + 1))
        elif isinstance(part, list):
            pending.extend((value, f"{path}[{i}]", depth + 1) for i, value in enumerate(part))
        elif isinstance(part, str):
            if len(part) > TEXT_MAX:
                return [Problem(path[:200], "too_large", f"texts have at most {TEXT_MAX:,} characters")]
        elif part is not None and not isinstance(part, bool | int | float):
            return [Problem(path[:200], "wrong_type", "only values of JSON are read")]
    return []


class Reader:
    """Reads lists of objects out of a document and collects what is wrong with them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self._ids: dict[str, str] = {}

    def refuse(self, path: str, code: str, message: str) -> None:
        self.problems.append(Problem(path, code, message))

    def section(self, key: str) -> Mapping[str, Any]:
        value = self.document.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.refuse(key, "wrong_type", "an object is needed")
        return {}

    def objects(
        self,
        holder: Mapping[str, Any],
        key: str,
        path: str,
        *,
        needs: Mapping[str, type | tuple[type, ...]],
        allows: frozenset[str] = frozenset(),
        unique: bool = True,
    ) -> list[Mapping[str, Any]]:
        """The well-formed objects of a list; each of the rest becomes a problem. Ids are never reused."""
        listed = holder.get(key, [])
        if not isinstance(listed, list):
            self.refuse(path, "wrong_type", "a list is needed")
            return []
        good = []
        for index, entry in enumerate(listed):
            at = f"{path}[{index}]"
            if self._well_formed(entry, at, needs, allows) and (not unique or self.claim(entry["id"], at)):
                good.append(entry)
        return good

    def _well_formed(
        self, entry: object, at: str, needs: Mapping[str, type | tuple[type, ...]], allows: frozenset[str]
    ) -> bool:
        if not isinstance(entry, Mapping):
            self.refuse(at, "wrong_type", "an object is needed")
            return False
        before = len(self.problems)
        for name, kind in needs.items():
            if name not in entry:
                self.refuse(f"{at}.{name}", "missing", "is needed here")
            elif not isinstance(entry[name], kind):
                self.refuse(f"{at}.{name}", "wrong_type", "is of another type here")
        for name, kind in _WHERE_GIVEN.items():
            if entry.get(name) is not None and not isinstance(entry[name], kind):
                self.refuse(f"{at}.{name}", "wrong_type", "is of another type here")
        for name in sorted(set(entry) - set(needs) - allows):
            self.refuse(f"{at}.{name}", "unknown_key", "is not read here")
        return len(self.problems) == before

    def claim(self, name: str, at: str) -> bool:
        if name in self._ids:
            self.refuse(f"{at}.id", "duplicate_id", f"{name} is already used at {self._ids[name]}")
            return False
        self._ids[name] = at
        return True

    def texts(self, holder: Mapping[str, Any], key: str, path: str) -> list[str]:
        value = holder.get(key, [])
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return list(value)
        self.refuse(f"{path}.{key}", "wrong_type", "a list of texts is needed")
        return []
