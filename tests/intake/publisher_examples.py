"""Questionnaires built as well-known publishers build theirs: our own words in their structures."""

import json
from pathlib import Path
from typing import Any

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
BASE = "http://hl7.org/fhir/StructureDefinition/"
LOINC = "http://loinc.org"


def control(code: str) -> dict[str, Any]:
    coding = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": code}
    return {"url": BASE + "questionnaire-itemControl", "valueCodeableConcept": {"coding": [coding]}}


def expression(name: str, text: str) -> dict[str, Any]:
    return {"url": SDC + name, "valueExpression": {"language": "text/fhirpath", "expression": text}}


def lhc_panel() -> dict[str, Any]:
    """As NLM's LHC-Forms exports a LOINC panel: linkIds of slashes, codes on every item, help as a display child."""
    answers = [
        {
            "extension": [{"url": BASE + "ordinalValue", "valueDecimal": points}],
            "valueCoding": {"system": LOINC, "code": code, "display": words},
        }
        for points, (code, words) in enumerate(
            [
                ("LA6568-5", "Never"),
                ("LA6569-3", "Some days"),
                ("LA6570-1", "Most days"),
                ("LA6571-9", "Daily"),
            ]
        )
    ]
    codes = "44250-9 44255-8 44259-0 44254-1 44251-7 44258-2 44252-5 44253-3 44260-8".split()
    questions: list[dict[str, Any]] = [
        {
            "type": "choice",
            "code": [{"system": LOINC, "code": code, "display": f"Question {number}"}],
            "required": False,
            "linkId": f"/{code}",
            "text": f"Question {number} of the panel",
            "answerOption": answers,
            "item": [
                {
                    "text": "Think of the past two weeks.",
                    "type": "display",
                    "linkId": f"/{code}-help",
                    "extension": [control("help")],
                }
            ],
        }
        for number, code in enumerate(codes, 1)
    ]
    total = {
        "type": "integer",
        "code": [{"system": LOINC, "code": "44261-6", "display": "Total"}],
        "linkId": "/44261-6",
        "text": "Total",
        "readOnly": True,
        "extension": [expression("sdc-questionnaire-calculatedExpression", "%a.sum()")],
    }
    weight = {
        "type": "decimal",
        "code": [{"system": LOINC, "code": "29463-7", "display": "Weight"}],
        "linkId": "/29463-7",
        "text": "Weight",
        "extension": [
            {
                "url": BASE + "questionnaire-unit",
                "valueCoding": {"system": "http://unitsofmeasure.org", "code": "kg", "display": "kg"},
            }
        ],
        "initial": [{"valueDecimal": 70.5}],
    }
    return {
        "resourceType": "Questionnaire",
        "title": "Panel of mood",
        "status": "draft",
        "meta": {"profile": [SDC + "sdc-questionnaire"], "tag": [{"code": "lformsVersion: 36.0.0"}]},
        "code": [{"system": LOINC, "code": "44249-1", "display": "Panel of mood"}],
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Panel</div>'},
        "extension": [
            {
                "url": SDC + "sdc-questionnaire-launchContext",
                "extension": [
                    {"url": "name", "valueCoding": {"code": "patient"}},
                    {"url": "type", "valueCode": "Patient"},
                ],
            }
        ],
        "item": [*questions, total, weight],
    }


def smart_form() -> dict[str, Any]:
    """As CSIRO's Smart Forms are built: tabs, contained value sets, variables, populated and calculated values."""
    smoking = {
        "resourceType": "ValueSet",
        "id": "smoking",
        "url": "https://example.test/ValueSet/smoking-1",
        "status": "draft",
        "experimental": False,
        "compose": {
            "include": [
                {
                    "system": "http://snomed.info/sct",
                    "concept": [
                        {"code": "266919005", "display": "Never smoked"},
                        {"code": "77176002", "display": "Smoker"},
                        {"code": "8517006", "display": "Ex-smoker"},
                    ],
                },
                {
                    "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                    "concept": [{"code": "asked-unknown", "display": "Not known"}],
                },
            ]
        },
    }
    tab = {
        "linkId": "6b1e3f5a-1111-4222-8333-944455556666",
        "text": "About you",
        "type": "group",
        "repeats": False,
        "required": True,
        "item": [
            {
                "linkId": "smoking-status",
                "text": "Do you smoke?",
                "type": "open-choice",
                "required": False,
                "repeats": False,
                "answerValueSet": "#smoking",
                "extension": [
                    control("radio-button"),
                    expression("sdc-questionnaire-initialExpression", "%x"),
                ],
                "_text": {
                    "extension": [{"url": BASE + "rendering-xhtml", "valueString": "<b>Do you smoke?</b>"}]
                },
            },
            {
                "linkId": "packs",
                "text": "How many a day?",
                "type": "integer",
                "enableBehavior": "any",
                "enableWhen": [
                    {
                        "question": "smoking-status",
                        "operator": "=",
                        "answerCoding": {"system": "http://snomed.info/sct", "code": "77176002"},
                    },
                    {
                        "question": "smoking-status",
                        "operator": "=",
                        "answerCoding": {"system": "http://snomed.info/sct", "code": "8517006"},
                    },
                ],
                "extension": [
                    {"url": BASE + "minValue", "valueInteger": 0},
                    {"url": "https://smartforms.csiro.au/ig/StructureDefinition/x", "valueBoolean": True},
                ],
            },
            {
                "linkId": "far",
                "text": "Which country?",
                "type": "choice",
                "answerValueSet": "https://example.test/ValueSet/countries",
            },
            {
                "linkId": "medicines",
                "text": "Medicines",
                "type": "group",
                "repeats": True,
                "extension": [control("gtable")],
                "item": [
                    {"linkId": "name", "text": "Name", "type": "string", "maxLength": 80},
                    {
                        "linkId": "stopped",
                        "text": "Stopped?",
                        "type": "boolean",
                        "extension": [control("check-box")],
                    },
                    {
                        "linkId": "why",
                        "text": "Why?",
                        "type": "text",
                        "required": True,
                        "enableWhen": [{"question": "stopped", "operator": "=", "answerBoolean": True}],
                    },
                ],
            },
        ],
    }
    return {
        "resourceType": "Questionnaire",
        "id": "HealthCheck",
        "url": "https://example.test/Questionnaire/HealthCheck",
        "version": "0.1.0",
        "name": "HealthCheck",
        "title": "Health check",
        "status": "draft",
        "subjectType": ["Patient"],
        "date": "2026-02-14",
        "contained": [smoking, {"resourceType": "Bundle", "id": "PrePopQuery", "type": "batch"}],
        "extension": [
            {"url": BASE + "variable", "valueExpression": {"name": "age", "language": "text/fhirpath"}},
            {"url": SDC + "sdc-questionnaire-assemble-expectation", "valueCode": "assemble-root"},
        ],
        "item": [
            {
                "linkId": "tabs",
                "text": "Check",
                "type": "group",
                "extension": [control("tab-container")],
                "item": [tab],
            }
        ],
    }


def medplum_intake() -> dict[str, Any]:
    """As Medplum's samples are written: no url, short types, references, plain value options."""
    return {
        "resourceType": "Questionnaire",
        "status": "active",
        "title": "New patient",
        "id": "intake",
        "item": [
            {"linkId": "1", "text": "First name", "type": "string", "required": True},
            {"linkId": "1.1", "text": "Born", "type": "date"},
            {
                "linkId": "sex",
                "text": "Sex",
                "type": "choice",
                "answerValueSet": "http://hl7.org/fhir/ValueSet/administrative-gender",
            },
            {
                "linkId": "languages",
                "text": "Languages",
                "type": "choice",
                "repeats": True,
                "answerOption": [{"valueString": "English"}, {"valueString": "Español"}],
            },
            {
                "linkId": "doctor",
                "text": "Your doctor",
                "type": "reference",
                "extension": [{"url": BASE + "questionnaire-referenceResource", "valueCode": "Practitioner"}],
            },
            {"linkId": "card", "text": "Picture of your card", "type": "attachment"},
            {
                "linkId": "consent",
                "text": "I agree",
                "type": "boolean",
                "initial": [{"valueBoolean": False}],
                "item": [{"linkId": "consent note", "text": "You may say no.", "type": "display"}],
            },
        ],
    }


def hl7_style() -> dict[str, Any]:
    """As the examples of the FHIR specification are: numbered groups, nested, with prefixes and definitions."""
    yes_no = [
        {"valueCoding": {"system": "http://terminology.hl7.org/CodeSystem/v2-0136", "code": c, "display": d}}
        for c, d in (("Y", "Yes"), ("N", "No"))
    ]
    return {
        "resourceType": "Questionnaire",
        "id": "3141",
        "text": {"status": "generated", "div": "<div>…<pre>1.Comorbidity?</pre></div>"},
        "url": "http://example.test/Questionnaire/3141",
        "title": "Study form",
        "status": "active",
        "subjectType": ["Patient"],
        "date": "2012-01",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"}],
        "contact": [{"telecom": [{"system": "url", "value": "http://example.test"}]}],
        "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "US"}]}],
        "item": [
            {
                "linkId": "1",
                "code": [{"system": "http://example.test/codes", "code": "COMORBIDITY"}],
                "type": "group",
                "item": [
                    {
                        "linkId": "1.1",
                        "prefix": "1)",
                        "type": "choice",
                        "text": "Other illness",
                        "answerOption": yes_no,
                        "definition": "http://example.test/SD/x#Observation.value[x]",
                        "item": [
                            {
                                "linkId": "1.1.1",
                                "type": "group",
                                "enableWhen": [
                                    {
                                        "question": "1.1",
                                        "operator": "=",
                                        "answerCoding": {
                                            "system": "http://terminology.hl7.org/CodeSystem/v2-0136",
                                            "code": "Y",
                                        },
                                    }
                                ],
                                "item": [
                                    {"linkId": "1.1.1.1", "type": "boolean", "text": "Heart"},
                                    {
                                        "linkId": "1.1.1.2",
                                        "type": "open-choice",
                                        "text": "Lungs",
                                        "answerOption": yes_no,
                                    },
                                ],
                            }
                        ],
                    }
                ],
            },
            {
                "linkId": "2",
                "text": "Blood",
                "type": "group",
                "repeats": True,
                "item": [
                    {
                        "linkId": "2.1",
                        "text": "Sample",
                        "type": "group",
                        "item": [
                            {
                                "linkId": "2.1.2",
                                "type": "quantity",
                                "text": "Haemoglobin",
                                "extension": [
                                    {
                                        "url": SDC + "sdc-questionnaire-minQuantity",
                                        "valueQuantity": {"value": 1, "code": "g/dL"},
                                    }
                                ],
                            },
                            {
                                "linkId": "2.1.3",
                                "type": "group",
                                "repeats": True,
                                "text": "Readings",
                                "item": [{"linkId": "2.1.3.1", "type": "dateTime", "text": "When"}],
                            },
                        ],
                    }
                ],
            },
        ],
    }


#: More of the kind: family history, consent, a visit, branching by known answers, a panel in Spanish.
MORE = json.loads(Path(__file__).with_name("publisher_styles.json").read_text(encoding="utf-8"))
PUBLISHED: dict[str, dict[str, Any]] = {
    "lhc": lhc_panel(),
    "smart": smart_form(),
    "medplum": medplum_intake(),
    "hl7": hl7_style(),
    **{name: one["document"] for name, one in MORE.items()},
}
#: What each asks for and is not done, by name.
NOT_HONOURED: dict[str, set[str]] = {
    "lhc": {"item: sdc-questionnaire-calculatedExpression: %a"},
    "smart": {
        "answerValueSet not contained: countries",
        "contained: Bundle",
        "item: itemControl gtable",
        "item: rendering-xhtml",
        "item: sdc-questionnaire-initialExpression: %x",
        "item: x",
        "questionnaire: sdc-questionnaire-assemble-expectation",
        "questionnaire: variable: no expression",
    },
    "medplum": {"item: questionnaire-referenceResource"},
    "hl7": set(),
    **{name: set(one["not_honoured"]) for name, one in MORE.items()},
}
