"""Answers out as a FHIR R4 QuestionnaireResponse: every stored answer, in the form's order, under its linkId."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.rules.fhir_words import BASE, OURS, UCUM
from services.intake.rules.form import NOT_SURE, Form, Item, Items, Option, in_language

_PLAIN = {
    "boolean": "valueBoolean",
    "decimal": "valueDecimal",
    "integer": "valueInteger",
    "date": "valueDate",
    "url": "valueUri",
}


def write_response(
    form: Form,
    items: Items,
    *,
    language: str,
    zone: str,
    status: str,
    authored: datetime | None,
    for_expressions: bool = False,
) -> dict[str, Any]:
    """The response to `form` that `items` are. Times without a zone are of `zone`; `status` is FHIR's word.

    `for_expressions`: a chosen answer brings its points along, as expressions that add them up look for them, and
    "not sure" is no answer, as for enableWhen.
    """
    writer = _Writer(language, ZoneInfo(zone), for_expressions)
    top = [item for item in form.by_id.values() if item.link_id not in form.parents]
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "language": language,
        "questionnaire": form.questionnaire,
        "status": status,
    }
    if authored is not None:
        response["authored"] = authored.isoformat(timespec="seconds")
    written = [node for item in top for node in writer.nodes(item, items)]
    return {**response, "item": written} if written else response


class _Writer:
    def __init__(self, language: str, zone: ZoneInfo, for_expressions: bool) -> None:
        self._language = language
        self._zone = zone
        self._for_expressions = for_expressions

    def nodes(self, item: Item, items: Items) -> Iterator[dict[str, Any]]:
        """The item as it stands in the response: nothing when it is not answered, a node a row when it repeats."""
        if item.kind == "display":
            return
        head: dict[str, Any] = {"linkId": item.link_id}
        if text := in_language(item.text, self._language):
            head["text"] = text
        if item.rows_of:
            yield from self._answer_rows(item, head, items)
            return
        if item.kind == "group":
            for row in items.get(item.link_id) or () if item.repeats else (items,):
                inside = [node for child in item.items for node in self.nodes(child, row)]
                if inside:
                    yield {**head, "item": inside}
            return
        value = self._given(item, items)
        inside = [node for child in item.items for node in self.nodes(child, items)]
        if value is None and not inside:
            return
        if value == []:
            head["extension"] = [{"url": OURS + "none-of-these", "valueBoolean": True}]
        given = value if isinstance(value, list) else [value] if value is not None else []
        answers = [self._answer(item, one) for one in given]
        if inside and answers:
            answers[0]["item"] = inside
        elif inside:
            head["item"] = inside
        yield {**head, "answer": answers} if answers else head

    def _answer_rows(self, group: Item, head: dict[str, Any], items: Items) -> Iterator[dict[str, Any]]:
        """The question as FHIR has it: one node, each answer with the questions under it."""
        asked, *under = group.items
        answers = []
        for row in items.get(group.link_id) or ():
            value = self._given(asked, row)
            inside = [node for child in under for node in self.nodes(child, row)]
            answer = {} if value is None else self._answer(asked, value)
            answers.append({**answer, "item": inside} if inside else answer)
        if answers:
            yield {**head, "linkId": asked.link_id, "answer": answers}

    def _given(self, item: Item, items: Items) -> Any:
        value = items.get(item.link_id)
        return None if self._for_expressions and value == NOT_SURE else value

    def _answer(self, item: Item, value: Any) -> dict[str, Any]:
        if value == NOT_SURE:
            return {"extension": [{"url": BASE + "data-absent-reason", "valueCode": "asked-unknown"}]}
        if item.kind == "quantity":
            return {"valueQuantity": self._quantity(item, value)}
        if item.kind == "attachment":
            return {"valueAttachment": {"url": f"urn:uuid:{value['id']}", "title": value.get("title", "")}}
        if isinstance(value, Mapping):
            return {"valueString": str(value.get("text", ""))}
        if item.kind in ("choice", "open-choice"):
            option = item.option(str(value))
            return self._chosen(option) if option else {"valueString": str(value)}
        if item.kind == "dateTime":
            return {"valueDateTime": self._moment(value)}
        if item.kind == "time":
            return {"valueTime": value if len(value) > 5 else f"{value}:00"}
        if item.kind == "reference":
            return {"valueReference": {"reference": value}}
        return {_PLAIN.get(item.kind, "valueString"): value}

    def _chosen(self, option: Option) -> dict[str, Any]:
        if option.kind == "Coding":
            coding = {
                "system": option.system,
                "code": option.own_code,
                "display": in_language(option.text, self._language),
            }
            points = {"url": BASE + "ordinalValue", "valueDecimal": option.score}
            with_points = self._for_expressions and option.score is not None
            written = {**coding, "extension": [points] if with_points else None}
            return {"valueCoding": {key: said for key, said in written.items() if said}}
        if option.kind == "Reference":
            return {"valueReference": {"reference": option.code}}
        return {f"value{option.kind}": int(option.code) if option.kind == "Integer" else option.code}

    def _quantity(self, item: Item, value: Mapping[str, Any]) -> dict[str, Any]:
        code = str(value.get("unit") or "")
        unit = next((one for one in item.units if one.code == code), None)
        said = {
            "unit": in_language(unit.text, self._language) if unit else code,
            "system": (unit.system or UCUM) if unit and code else "",
            "code": code if unit else "",
        }
        return {"value": value["value"], **{key: text for key, text in said.items() if text}}

    def _moment(self, value: str) -> str:
        """FHIR wants seconds and a zone wherever a time is given."""
        if "T" not in value and " " not in value:
            return value
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).isoformat(timespec="seconds")
