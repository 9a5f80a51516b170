"""What an owner found wrong with a form, in words beside the field."""

from collections.abc import Mapping
from typing import Any

WORDS = {
    "missing": "is needed",
    "unknown_route": "is no route of the protocol or of an open draft",
    "unknown_site": "is no site of the clinic",
    "unknown_provider": "is nobody who sees patients here",
    "works_at_none_of_the_sites": "one of those chosen works at none of the sites chosen",
    "unknown_room_kind": "no site has such a room",
    "not_in_values": "choose one of the list",
    "unknown_template": "this message has no words for that channel in both languages",
    "kept_for_answers": "names that begin so are kept for answers to patients",
    "not_usable": "this step cannot work as it stands",
    "multiple_of": "must be a multiple of 5",
    "string_pattern_mismatch": "small letters, digits and _ only, at least three, starting with a letter",
    "too_short": "choose at least one",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "in_the_past": "lies in the past",
    "not_after_start": "ends before it begins",
    "not_a_date": "is no date",
    "not_a_time": "is no time",
    "no_such_local_time": "the clocks skip that hour on that day",
    "unknown": "is not known here, or not yours to choose",
}
# What a form calls a field of its owner, where the name alone says too little.
FIELD_NAMES = {
    "from_minute": "Not before",
    "until_minute": "Not after",
    "notice_minutes": "Has to know it",
    "expires_at": "Waits until",
    "site_id": "Site",
    "provider_id": "Provider",
    "starts_at": "Time",
}


def fault_words(error: Mapping[str, Any]) -> tuple[int | None, str, str]:
    """Return the line (or None), the field and what is wrong with it, for one error of a problem document."""
    name, code = str(error.get("field", "")).removeprefix("json."), str(error.get("code", ""))
    said = str(error.get("message") or WORDS.get(code) or code.replace("_", " "))
    return error.get("line"), FIELD_NAMES.get(name, name.replace(".", " ")), said


def field_words(problem: Mapping[str, Any]) -> dict[str, str]:
    """Return field name to words for the errors of a problem document; list places fall to their list."""
    found: dict[str, str] = {}
    for error in problem.get("errors") or []:
        if not isinstance(error, Mapping):
            continue
        parts = [one for one in str(error.get("field", "")).split(".") if one and one != "json"]
        name = ".".join(parts[:2]) if parts[:1] == ["steps"] else (parts[0] if parts else "")
        code = str(error.get("code", ""))
        words = next((said for known, said in WORDS.items() if known in code), code.replace("_", " "))
        found.setdefault(name, words)
    return found
