"""A questionnaire as large as the largest that are shared, built as Smart Forms builds a health check: our own words.

Thirty parts in tabs, each with words that tell how far it is, an end and a mark; questions by age, which is worked out
from the patient; summaries that a server would fill in, in rows; value sets of its own; a megabyte of styled text.
"""

from typing import Any

from tests.intake.publisher_examples import BASE, SDC, control, expression

URL = "https://example.test/fhir/Questionnaire/health-check"
PARTS = 30
_PICTURE = (
    "<div xmlns='http://www.w3.org/1999/xhtml'><img src='data:image/svg+xml;base64,"
    + "QUJD" * 1_200
    + "'/></div>"
)
_AGE = (
    "iif(today().toString().select(substring(5,2) & substring(8,2)).toInteger()"
    " > %patient.birthDate.toString().select(substring(5,2) & substring(8,2)).toInteger(),"
    " today().toString().substring(0,4).toInteger() - %patient.birthDate.toString().substring(0,4).toInteger(),"
    " today().toString().substring(0,4).toInteger() - %patient.birthDate.toString().substring(0,4).toInteger() - 1)"
)
_NAME = (
    "(%patient.name.where(use='official').select((family | (given | prefix).join(' ')).join(', ')"
    ".where($this != '') | text) | %patient.name.select(text)).first()"
)
_MARK = "%resource.repeat(item).where(linkId='mark-{part}').answer.value"


def _styled(style: str = "rendering-xhtml", value: str = _PICTURE) -> dict[str, Any]:
    return {"extension": [{"url": BASE + style, "valueString": value}]}


def _item(link_id: str, kind: str, *extensions: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = {} if link_id.startswith("line") else {"text": f"About {link_id}"}
    found = {"extension": list(extensions)} if extensions else {}
    return {**found, "linkId": link_id, **named, "type": kind, "repeats": False, **more}


def _asked_when(text: str) -> dict[str, Any]:
    return expression("sdc-questionnaire-enableWhenExpression", text)


def _first(text: str) -> dict[str, Any]:
    return expression("sdc-questionnaire-initialExpression", text)


def _yes_no(link_id: str, *extensions: dict[str, Any]) -> dict[str, Any]:
    radio = control("radio-button")
    across = {"url": BASE + "questionnaire-choiceOrientation", "valueCode": "horizontal"}
    return _item(link_id, "choice", radio, across, *extensions, answerValueSet="#yes-no")


def _part(number: int) -> dict[str, Any]:
    mark = _MARK.format(part=number)
    states = {"Complete": f"{mark} = 'Complete'", "In progress": f"{mark} = 'In progress' or {mark}.empty()"}
    displays = [
        {**_item(f"state-{place}-{number}", "display", _asked_when(when)), "text": words, "_text": _styled()}
        for place, (words, when) in enumerate(states.items())
    ]
    older, younger = _yes_no(f"older-{number}", _asked_when("%age > 12")), _yes_no(f"younger-{number}")
    younger["extension"].append(_asked_when("%age <= 12"))
    told = {"system": "urn:example:yn", "code": "Y"}
    when = [
        {"question": link_id, "operator": "=", "answerCoding": told}
        for link_id in (f"older-{number}", f"younger-{number}")
    ]
    more = _item(f"more-{number}", "text", enableWhen=when, enableBehavior="any", repeats=True)
    hidden = {"url": BASE + "questionnaire-hidden", "valueBoolean": True}
    summary = _item(
        f"summary-{number}",
        "group",
        expression("sdc-questionnaire-itemPopulationContext", "%Server.entry.resource"),
        repeats=True,
        item=[
            _item(f"what-{number}", "open-choice", control("autocomplete"), answerValueSet="urn:example:far"),
            _item(f"status-{number}", "choice", _first("%Server.status"), answerValueSet="#yes-no"),
            _item(
                f"status-hidden-{number}",
                "choice",
                hidden,
                _first("%Server.status"),
                answerValueSet="#yes-no",
            ),
            _item(f"note-{number}", "text"),
        ],
    )
    several = _item(
        f"several-{number}", "choice", control("check-box"), repeats=True,
        answerOption=[{"valueString": f"Sign {one} of {number}"} for one in range(6)],
    )  # fmt: skip
    measured = [_item(f"n-{place}-{number}", "decimal") for place in range(8)]
    line = {
        **_item(f"line-{number}", "display"),
        "_text": _styled("rendering-style", "border-top: 1px solid"),
    }
    ended = _item(f"mark-{number}", "choice", control("radio-button"))
    ended["answerOption"] = [
        {"valueString": words, "_valueString": _styled()}
        for words in ("Complete", "In progress", "Attention")
    ]
    asked = [*displays, older, younger, more, summary, several, *measured, line, ended]
    return _item(f"part-{number}", "group", _asked_when("%age.exists()"), item=asked)


def health_check() -> dict[str, Any]:
    """The whole document, about a megabyte."""
    concepts = [{"code": "Y", "display": "Yes"}, {"code": "N", "display": "No"}]
    values = {"system": "urn:example:yn", "concept": concepts}
    codes = [{**one, "system": "urn:example:yn"} for one in concepts]
    about = _item(
        "about",
        "group",
        item=[
            _item("name", "string", _first(_NAME)),
            _item("born", "date", _first("%patient.birthDate")),
            _item("age", "integer", _first(_AGE)),
            _item("sex", "choice", _first("%patient.gender"), answerValueSet="#yes-no"),
            _item("day", "date", _first("today()")),
        ],
    )
    whole = _item("whole", "group", control("tab-container"), item=[about, *map(_part, range(PARTS))])
    language = {"language": "text/fhirpath"}
    variables = [
        (
            "age",
            "%resource.item.where(linkId='whole').item.where(linkId='about').item.where(linkId='age').answer.value",
        ),
        ("unused", "%resource.repeat(item).where(linkId='mark-0').answer.value"),
    ]
    query = {
        "name": "Server",
        "language": "application/x-fhir-query",
        "expression": "Condition?patient={{%patient.id}}",
    }
    return {
        "resourceType": "Questionnaire",
        "url": URL,
        "version": "1",
        "title": "Health check",
        "status": "active",
        "contained": [
            {
                "resourceType": "ValueSet",
                "id": "yes-no",
                "status": "draft",
                "compose": {"include": [values]},
                "expansion": {"timestamp": "2025-05-01T10:00:56+10:00", "contains": codes},
            }
        ],
        "extension": [
            {
                "url": SDC + "sdc-questionnaire-launchContext",
                "extension": [
                    {"url": "name", "valueCoding": {"code": "patient"}},
                    {"url": "type", "valueCode": "Patient"},
                ],
            },
            *(
                {"url": BASE + "variable", "valueExpression": {"name": name, **language, "expression": text}}
                for name, text in variables
            ),
            {"url": BASE + "variable", "valueExpression": query},
        ],
        "item": [whole],
    }
