"""Texts of a FHIR document and their translations."""

from typing import Any, Final

TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"


def text_in(element: dict[str, Any], key: str, language: str, base: str) -> str:
    """The text under `key` in `language`, "" when there is none; `base` is the document's own language."""
    if language == base:
        return str(element.get(key) or "")
    for extension in (element.get(f"_{key}") or {}).get("extension") or []:
        if extension.get("url") == TRANSLATION:
            parts = {one.get("url"): one for one in extension.get("extension") or []}
            if str((parts.get("lang") or {}).get("valueCode") or "")[:2] == language:
                content = parts.get("content") or {}
                return str(content.get("valueString") or content.get("valueMarkdown") or "")
    return ""


def set_text(element: dict[str, Any], key: str, language: str, base: str, words: str) -> None:
    """Write the text under `key` in `language`; no words take it away. Other translations stay."""
    if language == base:
        element[key] = words
        if not words:
            del element[key]
        return
    shadow = dict(element.get(f"_{key}") or {})
    kept = [one for one in shadow.get("extension") or [] if not _is_in(one, language)]
    if words:
        parts = [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": words}]
        kept.append({"url": TRANSLATION, "extension": parts})
    if kept:
        element[f"_{key}"] = {**shadow, "extension": kept}
        return
    shadow.pop("extension", None)
    element.pop(f"_{key}", None)
    if shadow:
        element[f"_{key}"] = shadow


def _is_in(extension: dict[str, Any], language: str) -> bool:
    parts = {one.get("url"): one for one in extension.get("extension") or []}
    said = str((parts.get("lang") or {}).get("valueCode") or "")[:2]
    return extension.get("url") == TRANSLATION and said == language
