"""The answers a question offers: listed in it, in a contained value set, or in one of the few sets known here."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from services.intake.rules import fhir_words as fhir
from services.intake.rules.form import Option

MAY_LIST = frozenset("choice open-choice integer decimal date dateTime time string quantity".split())
#: An answer to choose is read on a button.
OPTION_MAX = 2_000
_KINDS = ("String", "Integer", "Date", "Time")


class Notes(Protocol):
    """What reading options needs of the reading of a whole document."""

    dropped: set[str]
    valuesets: dict[str, list[dict[str, Any]]]

    def refuse(self, path: str, code: str) -> None:
        """Note a refusal."""


def read_options(raw: Mapping[str, Any], path: str, language: str, reading: Notes) -> tuple[Option, ...]:
    """The options of one item; those that cannot be resolved are named in `reading.dropped`."""
    listed = [
        (f"{path}.answerOption[{number}]", entry)
        for number, entry in enumerate(raw.get("answerOption") or ())
    ]
    reference = raw.get("answerValueSet")
    if reference is not None and listed:
        reading.dropped.add("item: answerValueSet beside answerOption")
    elif reference is not None:
        found = reading.valuesets.get(str(reference).partition("|")[0])
        if found is None:
            reading.dropped.add(f"answerValueSet not contained: {fhir.short(str(reference))}")
        listed = [(f"{path}.answerValueSet", {"valueCoding": entry}) for entry in found or ()]
    if listed and raw["type"] not in MAY_LIST:
        reading.dropped.add(f"item: answers to choose from on {raw['type']}")
        return ()
    options: dict[str, Option] = {}
    for at, entry in listed:
        option = _option(entry, language)
        if option is None:
            reading.refuse(at, "missing")
        elif max(map(len, [option.code, option.prefix, *option.text.values()])) > OPTION_MAX:
            reading.refuse(at, "too_long")
        elif option.code not in options:
            options[option.code] = option
        elif options[option.code].system != option.system:
            own = f"{option.system}|{option.code}"
            options[own] = _renamed(option, own)
        else:
            reading.dropped.add("answerOption: the same answer twice")
    return tuple(options.values())


def _renamed(option: Option, code: str) -> Option:
    return Option(
        code,
        option.system,
        option.text,
        option.exclusive,
        option.initial,
        option.score,
        option.kind,
        option.own_code,
        option.prefix,
    )


def _option(entry: Mapping[str, Any], language: str) -> Option | None:
    """One option; None when it has no value."""
    extensions = fhir.extensions_of(entry)
    exclusive = extensions.get("optionExclusive") is True
    initial = entry.get("initialSelected") is True
    prefix = str(extensions.get("optionPrefix") or "")
    score = extensions.get("ordinalValue")
    coding = entry.get("valueCoding")
    if coding is not None:
        code = coding.get("code") or coding.get("display")
        if not code:
            return None
        texts = {language: coding.get("display") or code}
        texts |= fhir.translations(coding.get("_display") or {})
        texts |= {d["language"][:2]: d["value"] for d in coding.get("designation") or () if _names(d)}
        score = fhir.extensions_of(coding).get("ordinalValue", score)
        score = fhir.LOINC_POINTS.get(code) if score is None else score
        system, own, kind = coding.get("system") or "", coding.get("code") or "", "Coding"
        return Option(code, system, texts, exclusive, initial, _number(score), kind, own, prefix)
    reference = entry.get("valueReference")
    if reference is not None and reference.get("reference"):
        shown = {language: reference.get("display") or reference["reference"]}
        return Option(reference["reference"], "", shown, exclusive, initial, kind="Reference")
    for kind in _KINDS:
        if f"value{kind}" in entry:
            said = str(entry[f"value{kind}"])
            texts = {language: said} | fhir.translations(_shadow(entry.get(f"_value{kind}")))
            return (
                Option(said, "", texts, exclusive, initial, _number(score), kind, said, prefix)
                if said
                else None
            )
    return None


def _names(designation: Mapping[str, Any]) -> bool:
    return bool(designation.get("language") and designation.get("value"))


def _number(score: Any) -> float | None:
    return score if isinstance(score, int | float) and not isinstance(score, bool) else None


def _shadow(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def contained_sets(document: Mapping[str, Any], dropped: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Codings by "#id" and by address, of the value sets contained in a document and of those known here."""
    found: dict[str, list[dict[str, Any]]] = {
        url: [_known(*one) for one in codes] for url, codes in fhir.KNOWN_SETS.items()
    }
    for index, resource in enumerate(document.get("contained") or ()):
        if resource.get("resourceType") != "ValueSet":
            dropped.add(f"contained: {str(resource.get('resourceType') or '?')[:64]}")
            continue
        codes = list(_codes(resource))
        if not codes:
            dropped.add(f"contained[{index}]: value set without listed codes")
            continue
        for name in (f"#{resource['id']}" if resource.get("id") else "", str(resource.get("url") or "")):
            if name:
                found[name] = codes
    return found


def _known(system: str, code: str, english: str, spanish: str) -> dict[str, Any]:
    said = [{"language": "es", "value": spanish}, {"language": "en", "value": english}]
    return {"system": system, "code": code, "display": english, "designation": said}


def _codes(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    listed = list((resource.get("expansion") or {}).get("contains") or ())
    pending = listed[::-1]
    while pending:
        entry = pending.pop()
        pending.extend((entry.get("contains") or ())[::-1])
        if entry.get("code") and not entry.get("abstract"):
            yield dict(entry)
    if listed:
        return
    for include in (resource.get("compose") or {}).get("include") or ():
        for concept in include.get("concept") or ():
            yield {"system": include.get("system") or "", **concept}
