"""I-render: a patient's page of 500 questions, rendered by the running service from an imported questionnaire."""

import re
import statistics
import time
from functools import partial
from typing import Any

import httpx

from bench.clinic import BenchClinic
from bench.load import closed_loop, http_request
from bench.result import Result
from kernel.context import Actor
from tests.intake.fhir_examples import OPTIONS, question, questionnaire

QUESTIONS = 500
TARGET_MS = 150.0
API = "/api/intake/v1"
MANAGER = Actor("staff", "bench-manager", role="manager", name="Mo Bench")
KINDS = (
    "boolean",
    "choice",
    "integer",
    "string",
    "date",
    "quantity",
    "open-choice",
    "text",
    "decimal",
    "time",
)


def five_hundred() -> dict[str, Any]:
    """One page of every common kind of question, a fifth of them with conditions."""
    items = []
    for number in range(QUESTIONS):
        kind = KINDS[number % len(KINDS)]
        more: dict[str, Any] = {"answerOption": OPTIONS} if "choice" in kind else {}
        if number % 5 == 4:
            asked = {"question": f"q{number - 4}", "operator": "exists", "answerBoolean": False}
            more["enableWhen"] = [asked]
        items.append(question(f"q{number}", kind, **more))
    return questionnaire("bench-500", [{"linkId": "all", "type": "group", "text": "All", "item": items}])


def measure_form_render(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Publish, link, open once, then read the page again and again, one patient at a time."""
    document = five_hundred()
    began = time.perf_counter()
    draft = clinic.hands.do("intake", f"{API}/questionnaire-drafts", document, actor=MANAGER).body
    taken_in = (time.perf_counter() - began) * 1000
    path = f"{API}/questionnaire-drafts/{draft['id']}/publish"
    clinic.hands.do("intake", path, {}, version=draft["version"], actor=MANAGER)
    person = {
        "given_name": "Render",
        "family_name": "Bench",
        "birth_date": "1980-04-02",
        "phone": "+19135551999",
    }
    sent = clinic.hands.submit({"patient": person, "answers": {"regions": ["neck"]}})
    link = clinic.hands.do(
        "intake", f"{API}/patients/{sent['patient_id']}/links", {"questionnaire": document["url"]}
    ).body
    page, cookies, size = _opened(clinic, link["path"])
    request = http_request("GET", page, headers={"Cookie": cookies})
    port = clinic.stack.ports["intake"]
    closed_loop(port, partial(bytes, request), clients=1, seconds=max(seconds, 4.0))
    loads, cpu = [], []
    for _ in range(3):
        before = clinic.cpu_seconds("intake-web")
        loads.append(closed_loop(port, partial(bytes, request), clients=1, seconds=seconds))
        cpu.append((clinic.cpu_seconds("intake-web") - before) / max(1, loads[-1].good) * 1000)
    p50 = statistics.median(load.p50_ms for load in loads)
    return [
        Result(
            "FORM-500",
            f"patient page of {QUESTIONS} questions, rendered",
            p50,
            "ms",
            target=f"≤ {TARGET_MS:g} ms",
            met=p50 <= TARGET_MS and all(load.good == sum(load.statuses.values()) for load in loads),
            more={
                "p95 ms": statistics.median(load.p95_ms for load in loads),
                "CPU ms each": statistics.median(cpu),
                "kB": size / 1000,
                "checked and stored ms": taken_in,
            },
        )
    ]


def _opened(clinic: BenchClinic, path: str) -> tuple[str, str, int]:
    """Pass the birth date; return the page's address, the cookies and its size."""
    path, _, secret = path.partition("#t=")
    with httpx.Client(base_url=clinic.stack.service_url("intake"), follow_redirects=True) as browser:
        opened = browser.get(path)
        gate = browser.post(opened.url.path, data={**_hidden(opened.text), "link": secret})
        page = browser.post(gate.url.path, data={**_hidden(gate.text), "birth_date": "1980-04-02"})
        if page.text.count("wm-question") < QUESTIONS:
            raise RuntimeError(f"not the page: {page.status_code} {page.url.path}")
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return page.url.path, cookies, len(page.content)


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
