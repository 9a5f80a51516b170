"""PERF-2: patients saving one topic of the questionnaire over and over, by the page's own form."""

import itertools
import statistics
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

import httpx

from bench.clinic import BenchClinic
from bench.limits import bare_flask, flask_limit, median_load
from bench.load import closed_loop, http_request
from bench.result import Result
from tests.servers import free_port

DRAFTS = 8
ROUNDS = 3
KEPT = """
SELECT (SELECT count(*) FROM page_save), (SELECT count(*) FROM audit_entry WHERE action = 'save_page')
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class _Form(HTMLParser):
    """What somebody sends who answers "no" where that is offered and else the first answer, and ticks no box.

    "Yes" to the first page's questions is an emergency: the form stops there, and what follows saves nothing.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, kind = given.get("name"), given.get("type")
        if tag != "input" or not name or kind not in ("hidden", "radio"):
            return
        value = given.get("value") or ""
        if value == "false":
            self.fields[name] = value
        self.fields.setdefault(name, value)


def read_form(page: str) -> dict[str, str]:
    """Return what the page's form sends, by field."""
    return _Form(page).fields


def _start(clinic: BenchClinic, number: int) -> tuple[str, str, dict[str, str]]:
    """Begin a questionnaire; return the first topic's path, the cookies, and what its form sends."""
    with httpx.Client(base_url=clinic.stack.service_url("intake"), follow_redirects=True) as browser:
        begun = read_form(browser.get("/intake/start").text)
        person = {
            "given_name": f"Page{number}",
            "family_name": "Bench",
            "birth_date": "1980-04-02",
            "phone": f"+1913{6000000 + number}",
            "email": "",
            "postcode": "66211",
        }
        page = browser.post("/intake/start", data=begun | person)
        fields = read_form(page.text)
        if "_seq" not in fields:
            raise RuntimeError(f"no question page came: {page.status_code} {page.url.path}")
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return urlsplit(str(page.url)).path, cookies, fields


def save_requests(clinic: BenchClinic) -> Callable[[], bytes]:
    """Return a maker of page saves, by each draft in turn, every one newer than the one before.

    As many drafts as clients: `closed_loop` gives each client every eighth request, and so a draft of its own. Two
    patients never wait for one another's draft.
    """
    drafts = itertools.cycle([_start(clinic, number) for number in range(DRAFTS)])
    numbers = itertools.count(2)

    def make() -> bytes:
        path, cookies, fields = next(drafts)
        body = urlencode(fields | {"_seq": str(next(numbers)), "_keep": ""}).encode()
        return http_request("POST", path, body, FORM | {"Cookie": cookies})

    return make


def measure_page_saves(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Rounds of LIMIT-1 and saves, both with relays and workers held still, and of saves with everything running.

    A save is answered by 303 to the next topic.
    """
    make, port = save_requests(clinic), clinic.stack.ports["intake"]
    bare, ours, busy, cpu, postgres = [], [], [], [], []
    others = clinic.other_load()
    kept = clinic.rows("intake", KEPT)[0]
    with bare_flask(clinic.bare_database_url, bare_port := free_port()):
        flask_limit(bare_port, 0.5)
        warm = closed_loop(port, make, seconds=0.5)
        for _ in range(ROUNDS):
            with clinic.held(*clinic.behind_the_web()):
                bare.append(flask_limit(bare_port, seconds / 2))
                web, store = clinic.cpu_seconds("intake-web"), clinic.cpu_seconds("postgres")
                ours.append(closed_loop(port, make, seconds=seconds / 2))
                each = 1000 / max(1, ours[-1].statuses.get(303, 0))
                cpu.append((clinic.cpu_seconds("intake-web") - web) * each)
                postgres.append((clinic.cpu_seconds("postgres") - store) * each)
            busy.append(closed_loop(port, make, seconds=seconds / 2))
        others_percent = others.percent()
    limit, load, with_all = median_load(bare), median_load(ours), median_load(busy)
    saves = sum(one.statuses.get(303, 0) for one in (warm, *ours, *busy))
    stored = [after - before for after, before in zip(clinic.rows("intake", KEPT)[0], kept, strict=True)]
    if set(stored) != {saves}:
        raise RuntimeError(f"{saves} saves answered 303, but stored were {stored}")
    other = sum(sum(one.statuses.values()) - one.statuses.get(303, 0) for one in (*ours, *busy))
    ratio = load.rate / limit.rate
    return [
        Result(
            "PERF-2",
            "page save of one topic, by the page's form",
            load.rate,
            "/s",
            ratio,
            "LIMIT-1",
            "≥ 0.65",
            ratio >= 0.65 and other == 0,
            {
                "p95 ms": load.p95_ms,
                "CPU ms each": statistics.median(cpu),
                "PostgreSQL CPU ms each": statistics.median(postgres),
                "not saved": other,
                "others busy %": others_percent,
            },
        ),
        Result(
            "PERF-2b",
            "the same while relays and workers run, on the same cores",
            with_all.rate,
            "/s",
            with_all.rate / limit.rate,
            "LIMIT-1",
            more={"p95 ms": with_all.p95_ms},
        ),
    ]
