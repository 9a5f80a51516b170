"""Which instruments that need a permission a questionnaire holds, by the names they go by."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

#: Licences under which an instrument may be asked without a permission of our own.
FREE = frozenset({"free", "free_confirm"})
_NAMED = ("title", "name", "url", "text", "prefix", "copyright", "display", "description")


def licensed_instruments(
    document: Mapping[str, Any], instruments: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Instruments named in the document's own names or in the words of its groups and codes; [] for none."""
    words = "\n".join(_names(document))
    return [
        one
        for one in instruments
        if one["licence"] not in FREE and any(_called(name, words) for name in one.get("called", ()))
    ]


def _called(name: str, words: str) -> bool:
    """Names in capitals are matched as they are written ("NDI", not "find"); others in any case."""
    loose = re.escape(name).replace(r"\-", "[- ]?").replace(r"\ ", r"[\s-]+")
    flags = 0 if name.isupper() and len(name) < 5 else re.IGNORECASE
    return re.search(rf"(?<![A-Za-z]){loose}(?![A-Za-z])", words, flags) is not None


def _names(document: Mapping[str, Any]) -> Iterator[str]:
    pending: list[Any] = [document]
    while pending:
        part = pending.pop()
        yield from (part[key] for key in _NAMED if isinstance(part.get(key), str))
        inside: Iterable[Any] = [*(part.get("item") or ()), *(part.get("code") or ())]
        pending.extend(one for one in inside if isinstance(one, Mapping))
