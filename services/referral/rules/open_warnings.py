"""Warning signs that a patient's own unanswered questions leave open: somebody asks before they book alone."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

HOLDING_ACTIONS: Final = ("E", "S")
#: Never an open warning, whoever has or has not accepted: each asks for a number few people know and which is measured
#: at the visit. Unsigned, as every threshold of the shipped protocol (docs/decisions/0130).
NEVER_OPEN: Final = frozenset({"BP01"})


def open_warnings(
    unknown: Iterable[Mapping[str, Any]],
    actions: Mapping[str, str],
    *,
    not_asked: Collection[str] = (),
) -> list[str]:
    """Return the ids of emergency and same-day flags that an answer the patient left out could still raise.

    `unknown`: a decision's open items {id, kind, variables}. `actions`: the protocol's action by flag id. `not_asked`:
    variables that are nobody's answer to give: those the patient's other answers made needless, and those staff fill.
    """
    return [
        str(item["id"])
        for item in unknown
        if item["kind"] == "red_flag"
        and actions.get(str(item["id"])) in HOLDING_ACTIONS
        and item["id"] not in NEVER_OPEN
        and not set(item["variables"]) <= set(not_asked)
    ]
