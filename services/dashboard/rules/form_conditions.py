"""When a question is asked: enableWhen as rows of three fields, and back."""

from collections.abc import Mapping
from typing import Any, Final

from kernel.exact_json import as_written
from kernel.read_whole import read_whole
from services.dashboard.rules.form_edit import Document, base_language, find, walk
from services.dashboard.rules.form_texts import text_in

OPERATORS: Final = {
    "=": "is",
    "!=": "is not",
    ">": "is more than",
    ">=": "is at least",
    "<": "is less than",
    "<=": "is at most",
    "exists": "is answered",
}
ORDERED: Final = frozenset({"integer", "decimal", "quantity", "date", "dateTime", "time"})
_KEYS: Final = {
    "boolean": "answerBoolean",
    "integer": "answerInteger",
    "decimal": "answerDecimal",
    "quantity": "answerQuantity",
    "date": "answerDate",
    "dateTime": "answerDateTime",
    "time": "answerTime",
}
BLANK_ROWS: Final = 1
MOST_ROWS: Final = 999


def may_ask_about(document: Document, link_id: str) -> list[tuple[str, str]]:
    """Questions a condition of `link_id` may stand on: those before it, by linkId and words."""
    base = base_language(document)
    found = []
    for item, *_ in walk(document.get("item") or []):
        if item.get("linkId") == link_id:
            break
        if item.get("type") not in ("group", "display"):
            words = text_in(item, "text", "en", base) or text_in(item, "text", base, base)
            found.append((str(item["linkId"]), (words or str(item["linkId"]))[:90]))
    return found


def condition_rows(document: Document, whens: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fields of each condition: the question with its answers to choose from, the operator, the answer."""
    base = base_language(document)
    rows = []
    for when in whens:
        found = find(document, str(when.get("question")))
        asked = found[0] if found else {}
        kind = str(asked.get("type") or "")
        answer = next((value for key, value in when.items() if key.startswith("answer")), "")
        if isinstance(answer, dict):
            # Of an amount the number: its code is the unit's, which stays as it was.
            answer = next((answer[key] for key in ("value", "code", "reference") if key in answer), "")
        operators = [
            (code, words)
            for code, words in OPERATORS.items()
            if code in ("=", "!=", "exists") or kind in ORDERED
        ]
        rows.append(
            {
                "question": str(when.get("question") or ""),
                "operator": str(when.get("operator") or "="),
                "operators": operators,
                "kind": kind,
                "answer": answer,
                "choices": [_choice(one, base) for one in asked.get("answerOption") or []],
            }
        )
    return rows


def _choice(option: dict[str, Any], base: str) -> tuple[str, str]:
    coding = option.get("valueCoding")
    if coding is None:
        plain = next((str(value) for key, value in option.items() if key.startswith("value")), "")
        return plain, plain
    words = text_in(coding, "display", "en", base) or text_in(coding, "display", base, base)
    return str(coding.get("code") or ""), words or str(coding.get("code") or "")


def read_conditions(
    document: Document, form: Mapping[str, str], before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """enableWhen as the page says it; a row without a question is none, an unchanged one stays as it was."""
    made = []
    for number in range(read_whole(form.get("whens", ""), MOST_ROWS) or 0):
        question = form.get(f"when.{number}.question", "")
        found = find(document, question)
        if found is None:
            continue
        operator = form.get(f"when.{number}.operator", "=")
        words = form.get(f"when.{number}.answer", "").strip()
        old = before[number] if number < len(before) else {}
        shown = condition_rows(document, [old])[0] if old else {}
        if shown and (question, operator, words) == (
            shown["question"],
            shown["operator"],
            _words(shown["answer"]),
        ):
            made.append(old)
        else:
            answer = _answer(found[0], operator, words)
            amount = old.get("answerQuantity") if question == old.get("question") else None
            if amount and "answerQuantity" in answer:
                answer = {"answerQuantity": {**amount, **answer["answerQuantity"]}}
            made.append({"question": question, "operator": operator, **answer})
    return made


def _words(answer: Any) -> str:
    return (
        {True: "true", False: "false"}.get(answer, str(answer)) if isinstance(answer, bool) else str(answer)
    )


def _answer(asked: dict[str, Any], operator: str, words: str) -> dict[str, Any]:
    if operator == "exists":
        return {"answerBoolean": words != "false"}
    kind = str(asked.get("type"))
    if kind == "boolean":
        return {"answerBoolean": words != "false"}
    if kind in ("choice", "open-choice"):
        for option in asked.get("answerOption") or []:
            coding = option.get("valueCoding")
            if coding is not None and coding.get("code") == words:
                return {"answerCoding": {key: coding[key] for key in ("system", "code") if key in coding}}
            if coding is None and words in (str(value) for value in option.values()):
                key = next(key for key in option if key.startswith("value"))
                return {key.replace("value", "answer", 1): option[key]}
        return {"answerString": words}
    key = _KEYS.get(kind, "answerString")
    try:
        if kind == "integer":
            return {key: int(words)}
        if kind in ("decimal", "quantity"):
            number = as_written(words)
            return {key: {"value": number} if kind == "quantity" else number}
    except ValueError:
        return {"answerString": words}
    return {key: words}
