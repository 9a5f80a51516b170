"""How a set of answers was given: by one way, or by more than one."""

from collections.abc import Mapping
from typing import Any, Final

MIXED: Final = "mixed"


def how_given(pages: Mapping[str, Mapping[str, Any]], begun: str) -> str:
    """The way all saved `pages` were given, "mixed" when they differ, `begun` while none is saved.

    A page saved before pages said so was given as the draft said then.
    """
    ways = {str(page.get("mode") or begun) for page in pages.values()}
    if not ways:
        return begun
    return ways.pop() if len(ways) == 1 else MIXED
