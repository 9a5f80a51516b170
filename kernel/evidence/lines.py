"""In which line of a file each part of a document stands, for refusals that a person must find in an editor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from kernel.evidence.errors import Problem

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
#: A refusal names parts with shorter paths than this, and a document has fewer parts: the rest is not kept.
_LONGEST_PATH: Final = 240
_MOST_PARTS: Final = 60_000
#: Within a clause, the key that is at fault.
_KEY_AT_FAULT: Final = {
    "unknown_variable": "variable",
    "unknown_operator": "operator",
    "wrong_value": "value",
    "unknown_ref": "ref",
    "cycle": "ref",
    "unknown_diagnosis": "dx_any",
    "unknown_kind": "kind",
}


@dataclass(slots=True)
class _Holder:
    path: str
    #: Place in a list; -1 in an object.
    place: int
    key: str | None = None


class Lines:
    """The lines of a JSON text, from 1. Text that is not JSON is read as far as it makes sense."""

    def __init__(self, text: str) -> None:
        self._line_of: dict[str, int] = {"": 1}
        self._path_of_id: dict[str, str] = {}
        #: The line of the first key that stands twice in one object, and of the first NaN or Infinity.
        self.key_twice: int | None = None
        self.no_number: int | None = None
        self._scan(text)

    def of(self, path: str, code: str = "", at: str = "") -> int | None:
        """The line of a path such as ``routes.rules[3].when`` below ``at``, or of one that begins with an item's id.

        Falls back to the nearest part around it that is there; None when nothing of it is.
        """
        wanted = self._below_an_id(path) or (f"{at}.{path}" if at and path else at or path)
        while wanted not in self._line_of:
            cut = max(wanted.rfind("."), wanted.rfind("["))
            if cut <= 0:
                return None
            wanted = wanted[:cut]
        key = _KEY_AT_FAULT.get(code)
        line = self._line_of[wanted]
        return self._line_of.get(f"{wanted}.{key}", line) if key else line

    def _below_an_id(self, path: str) -> str:
        cut = len(path)
        while cut > 0:
            if (found := self._path_of_id.get(path[:cut])) is not None:
                return found + path[cut:]
            cut = max(path.rfind(".", 0, cut), path.rfind("[", 0, cut))
        return ""

    def _scan(self, text: str) -> None:
        holders: list[_Holder] = []
        line, seen = 1, 0
        for match in _TOKEN.finditer(text):
            mark = match[0]
            line += text.count("\n", seen, match.start())
            seen = match.start()
            if mark == ":":
                continue
            if mark == ",":
                if holders:
                    holder = holders[-1]
                    holder.key, holder.place = None, holder.place + 1 if holder.place >= 0 else -1
            elif mark in "}]":
                if len(holders) < 2:
                    return
                holders.pop()
            elif holders and holders[-1].place < 0 and holders[-1].key is None:
                self._key(holders[-1], mark, line)
            else:
                self._value(holders, mark, line)
            full = len(self._line_of) > _MOST_PARTS or len(holders) > _LONGEST_PATH
            if full or not holders or self.key_twice or self.no_number:
                return

    def _key(self, holder: _Holder, mark: str, line: int) -> None:
        holder.key = _text(mark)
        at = f"{holder.path}.{holder.key}" if holder.path else holder.key
        if len(at) > _LONGEST_PATH:
            return
        if at in self._line_of and self.key_twice is None:
            self.key_twice = line
        self._line_of[at] = line

    def _value(self, holders: list[_Holder], mark: str, line: int) -> None:
        at, key = "", None
        if holders:
            holder = holders[-1]
            key = holder.key
            last = f"[{holder.place}]" if holder.place >= 0 else f".{key}" if holder.path else str(key)
            at = (holder.path + last)[: _LONGEST_PATH + 1]
            if len(at) <= _LONGEST_PATH:
                self._line_of.setdefault(at, line)
        if mark == "{":
            holders.append(_Holder(at, -1))
        elif mark == "[":
            holders.append(_Holder(at, 0))
        elif key == "id" and mark[0] == '"':
            self._path_of_id.setdefault(_text(mark), holders[-1].path)
        elif mark in ("NaN", "Infinity", "-Infinity") and self.no_number is None:
            self.no_number = line


def too_deep_at(text: str, levels: int) -> int | None:
    """The line in which a JSON text goes below ``levels`` lists and objects for the first time; None when it does not.

    Needs no parser, which text of this kind may exhaust.
    """
    depth = 0
    for match in _TOKEN.finditer(text):
        if match[0] in "{[":
            depth += 1
            if depth > levels:
                return text.count("\n", 0, match.start()) + 1
        elif match[0] in "}]":
            depth -= 1
    return None


def located(problems: Iterable[Problem], text: str, at: str = "") -> tuple[Problem, ...]:
    """The problems with the line each stands in; ``at`` is where in ``text`` the protocol document is.

    What has a line already keeps it.
    """
    lines = Lines(text)
    return tuple(
        problem if problem.line else replace(problem, line=lines.of(problem.path, problem.code, at))
        for problem in problems
    )


def _text(mark: str) -> str:
    try:
        found = json.loads(mark)
    except ValueError:
        return mark
    return found if isinstance(found, str) else mark
