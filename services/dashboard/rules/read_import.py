"""A file brought in as a questionnaire: its document, or in words why it is none."""

import codecs
from typing import Any, Final

from kernel.strict_json import NotStrictJson, loads

LARGEST: Final = 4 * 1024 * 1024


def read_import(raw: bytes) -> tuple[dict[str, Any], list[str]]:
    """The document in `raw`, and what keeps it from being a FHIR Questionnaire; what is told ends the import."""
    if len(raw) > LARGEST:
        return {}, ["This file is larger than 4 MB."]
    plain = raw.removeprefix(codecs.BOM_UTF8)
    if not plain.strip():
        return {}, ["This file is empty, or none was picked."]
    if plain.lstrip().startswith(b"<"):
        return {}, ["This file is XML. Save the Questionnaire as FHIR JSON, and bring that in."]
    try:
        document = loads(plain)
    except NotStrictJson as refused:
        if str(refused) in _WHY:
            return {}, [_WHY[str(refused)]]
        where = f" Reading stopped in line {refused.line}." if refused.line else ""
        return {}, [f"This file is not JSON, so it is not a FHIR Questionnaire.{where}"]
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if kind == "Bundle":
        return {}, ["This file is a Bundle. Bring in the Questionnaire that is in it, by itself."]
    if not isinstance(document, dict) or kind != "Questionnaire":
        return {}, ["This file is JSON, but not a FHIR Questionnaire (resourceType says something else)."]
    return document, []


_WHY: Final = {
    "too deep": "This file holds groups in groups too deep to be asked.",
    "duplicate key": "This file says the same thing twice in one place, so nobody can tell which is meant.",
    "constant": "This file holds NaN or Infinity, which are no numbers in JSON.",
    "number": "This file holds a number that is too large or too long.",
    "text": "This file holds half a character or a NUL, which cannot be kept.",
}
