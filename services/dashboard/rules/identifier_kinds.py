"""Kinds of number a patient is kept under: what the form calls them, and the FHIR system each one is."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """One kind. `system` is the whole URI, or its beginning when many keep such numbers and `keeper` asks who."""

    words: str
    system: str
    keeper: str = ""


#: The two at hl7.org are FHIR's own names (hl7.org/fhir/R4/identifier-registry.html); the others are this clinic's.
KINDS: Final[Mapping[str, Kind]] = {
    "mrn": Kind("Our record number (MRN)", "urn:waymark:mrn"),
    "member": Kind("Insurance member number", "urn:waymark:member:", "Insurer"),
    "record": Kind("Record number elsewhere", "urn:waymark:record:", "Hospital or practice"),
    "medicare": Kind("Medicare number (MBI)", "http://hl7.org/fhir/sid/us-mbi"),
    "ssn": Kind("Social Security number", "http://hl7.org/fhir/sid/us-ssn"),
}


def system_of(kind: str, keeper: str) -> str:
    """The system's URI; "" for no kind of ours, or one that needs to know who keeps the number and was not told."""
    known = KINDS.get(kind)
    if known is None:
        return ""
    if not known.keeper:
        return known.system
    folded = unicodedata.normalize("NFKD", keeper.casefold())
    letters = "".join(
        c if c.isascii() and c.isalnum() else " " for c in folded if not unicodedata.combining(c)
    )
    name = "-".join(letters.split())[:60]
    return f"{known.system}{name}" if name else ""


def system_words(system: object) -> str:
    """A system as staff read it; one that came from a program stands as it is."""
    for kind in KINDS.values():
        if system == kind.system:
            return kind.words
        if kind.keeper and str(system).startswith(kind.system):
            return f"{kind.words}, {str(system).removeprefix(kind.system).replace('-', ' ').title()}"
    return str(system)


def identifiers_in(form: Mapping[str, str]) -> tuple[list[dict[str, str]], str]:
    """The identifier a form holds, as the owners take it ([] for none), and what is wrong with it ("" for nothing)."""
    value = form.get("identifier", "").strip()
    if not value:
        return [], ""
    system = system_of(form.get("identifier_kind", ""), form.get("identifier_keeper", ""))
    if not system:
        return (
            [],
            "Say whose number it is: choose the kind, and for an insurer or another practice, its name.",
        )
    return [{"system": system, "value": value}], ""
