"""Bad requests against every endpoint: a problem that says what is wrong, echoes nothing, and changes nothing."""

import base64
import json
import socket
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from kernel.ids import new_id
from tests.contracts.endpoints import CANARY, SERVICES, TESTER, Caller, Endpoint, read_endpoints
from tests.contracts.row_counts import row_counts
from tests.stack import RunningStack

pytestmark = pytest.mark.xdist_group("stack")
Expected = set[int]

DEEP = b"[" * 100_000 + b"]" * 100_000
NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "truncated": b'{"a": "' + CANARY.encode(),
    "trailing comma": b'{"a": 1,}',
    "two documents": b"{} {}",
    "a key twice": b'{"a": "' + CANARY.encode() + b'", "a": 2}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": 1e999}',
    "a 400-digit number": b'{"a": 1' + b"0" * 400 + b"}",
    "100,000 deep": DEEP,
    "invalid UTF-8": b'{"a": "\xff\xfe"}',
    "overlong bytes": b'{"a": "\xc0\xaf"}',
    "a lone surrogate": rb'{"a": "\ud800"}',
    "a NUL": rb'{"a": "\u0000"}',
}
NOT_AN_OBJECT = (b"[]", b'["' + CANARY.encode() + b'"]', b"null", b"1", b"true", b'"text"')
UNKNOWN = json.dumps({"role": "admin", "tenant_id": CANARY, "is_admin": True}).encode()
OTHER_MEDIA: tuple[str | None, ...] = (
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    None,
)
BAD_IDS = ("0", "-1", "not-an-id", "1%27%20OR%20%271%27=%271", "00000000-0000-0000-0000-000000000000")


# Where a letter, a whole protocol or a whole questionnaire comes in.
TAKE_MORE = dict.fromkeys(
    (
        "/api/referral/v1/referrals",
        "/api/referral/v1/referrals/{referral_id}/amend",
        "/api/referral/v1/protocol/drafts",
        "/api/referral/v1/protocol/drafts/{draft_id}/document",
    ),
    3 * 1024 * 1024,
) | dict.fromkeys(
    (
        "/api/intake/v1/questionnaires/check",
        "/api/intake/v1/questionnaire-drafts",
        "/api/intake/v1/questionnaire-drafts/{draft_id}",
    ),
    4 * 1024 * 1024,
)


@pytest.fixture(scope="module")
def caller(stack: RunningStack) -> Caller:
    return Caller(stack)


@pytest.fixture(scope="module")
def endpoints(stack: RunningStack, caller: Caller) -> list[Endpoint]:
    found = read_endpoints(stack, caller)
    assert {endpoint.service for endpoint in found} == set(SERVICES)
    return found


@pytest.fixture(scope="module")
def writing(endpoints: list[Endpoint]) -> list[Endpoint]:
    return [endpoint for endpoint in endpoints if endpoint.has_body]


@pytest.fixture(scope="module", autouse=True)
def nothing_is_written(stack: RunningStack) -> Iterator[None]:
    """All of the module's bad requests add and take no row anywhere, spend no key, and are no deed of the tester's."""
    before = row_counts(stack)
    yield
    assert len(before) > 60
    after = row_counts(stack)
    assert {table: (before.get(table), n) for table, n in after.items() if before.get(table) != n} == {}
    for service in SERVICES:
        with psycopg.connect(stack.app_url(service)) as connection:
            deeds = connection.execute(
                "SELECT DISTINCT action FROM audit_entry WHERE actor_id = %s AND action !~ '^(view|search)_'",
                [TESTER],
            )
            assert deeds.fetchall() == [], service


def fault(answer: httpx.Response, expected: Expected) -> str | None:
    """What is wrong with a refusal, or None."""
    if answer.status_code not in expected:
        return f"answered {answer.status_code} {answer.text[:160]}"
    if CANARY in answer.text or CANARY in str(answer.headers):
        return "echoes the value"
    if answer.headers.get("Content-Type") != "application/problem+json":
        return f"is {answer.headers.get('Content-Type')}"
    body = answer.json()
    if body["status"] != answer.status_code or not body["code"] or not body["title"]:
        return f"has a body that does not fit: {body}"
    if answer.status_code == 422 and body["code"] == "invalid" and not body.get("errors"):
        return f"names no field: {body}"
    return None


def none_of(faults: list[str | None]) -> None:
    found = [one for one in faults if one]
    assert found == [], f"{len(found)} of {len(faults)}:\n" + "\n".join(found[:40])


def told(endpoint: Endpoint, what: str, wrong: str | None) -> str | None:
    return wrong and f"{endpoint} with {what}: {wrong}"


@pytest.mark.parametrize("what", NOT_JSON)
def test_what_is_not_json_is_400(caller: Caller, writing: list[Endpoint], what: str) -> None:
    none_of([told(one, what, fault(caller.send(one, NOT_JSON[what]), {400})) for one in writing])


def test_what_is_not_an_object_is_422(caller: Caller, writing: list[Endpoint]) -> None:
    none_of(
        [
            told(one, str(body), fault(caller.send(one, body), {422}))
            for one in writing
            for body in NOT_AN_OBJECT
        ]
    )


def test_an_unknown_field_is_422_and_named(caller: Caller, writing: list[Endpoint]) -> None:
    faults = []
    for one in writing:
        answer = caller.send(one, UNKNOWN)
        wrong = fault(answer, {422})
        named = set() if wrong else {error["field"].split(".")[-1] for error in answer.json()["errors"]}
        # A questionnaire is a FHIR document, whose kind is looked at first.
        if not wrong and not named & {"is_admin", "resourceType"}:
            wrong = f"does not name the field: {answer.text[:200]}"
        faults.append(told(one, "unknown fields", wrong))
    none_of(faults)


def test_other_media_are_415(caller: Caller, writing: list[Endpoint]) -> None:
    none_of(
        [
            told(one, str(media), fault(caller.send(one, b"{}", headers={"Content-Type": media}), {415}))
            for one in writing
            for media in OTHER_MEDIA
        ]
    )


def test_a_compressed_body_is_415_and_not_unpacked(caller: Caller, endpoints: list[Endpoint]) -> None:
    packed: dict[str, str | None] = {"Content-Encoding": "gzip"}
    none_of(
        [
            told(one, "gzip", fault(caller.send(one, b"\x1f\x8b" * 50, headers=packed), {415}))
            for one in endpoints
        ]
    )


def test_one_byte_too_many_is_413(caller: Caller, writing: list[Endpoint]) -> None:
    def too_large(most: int) -> bytes:
        return b'{"note": "' + b"x" * (most - 11) + b'"}'

    assert len(too_large(256 * 1024)) == 256 * 1024 + 1
    bodies = {path: too_large(most) for path, most in TAKE_MORE.items()}
    usual = too_large(256 * 1024)
    none_of(
        [
            told(one, "a large body", fault(caller.send(one, bodies.get(one.template, usual)), {413}))
            for one in writing
        ]
    )


def test_nobody_gets_in_without_a_token_whatever_else_they_send(
    caller: Caller, endpoints: list[Endpoint]
) -> None:
    faults = []
    for one in endpoints:
        body = json.dumps(one.body).encode() if one.has_body else b""
        for name, given in {
            "no token": None,
            "another's cookie": None,
            "an unknown token": f"Bearer {CANARY}",
            "a token for another body": f"Bearer {caller.token(one.service, b'other', one.actor)}",
            "a token for another service": f"Bearer {caller.token('elsewhere', body, one.actor)}",
            "another scheme": "Basic QTpC",
        }.items():
            outside: dict[str, str | None] = {"Authorization": given}
            if name == "another's cookie":
                outside |= {"Cookie": "waymark=1", "Origin": "https://evil.test"}
            faults.append(told(one, name, fault(caller.send(one, body, headers=outside), {401})))
    none_of(faults)


def test_other_methods_are_405_and_cannot_be_smuggled(caller: Caller, endpoints: list[Endpoint]) -> None:
    faults = []
    used: dict[str, set[str]] = {}
    for one in endpoints:
        used.setdefault(one.template, set()).add(one.method.upper())
    for one in endpoints:
        for method in {"DELETE", "PUT", "FOO", "TRACE"} - used[one.template]:
            answer = caller.send(one, b"{}", method=method)
            faults.append(told(one, method, fault(answer, {405})))
        if one.method == "get" and not one.on_record:
            override: dict[str, str | None] = {"X-HTTP-Method-Override": "DELETE"}
            plain, changed = caller.send(one), caller.send(one, headers=override)
            if plain.status_code != changed.status_code:
                faults.append(f"{one}: a method override changes the answer")
    none_of(faults)


def test_a_limit_out_of_range_is_422(caller: Caller, endpoints: list[Endpoint]) -> None:
    bad = ("limit=-1", "limit=0", "limit=1000000000", "limit=abc", "limit=1e9", "limit=", "limit=1&limit=2")
    lists = [one for one in endpoints if "limit" in one.query]
    assert len(lists) >= 6
    none_of([told(one, query, fault(caller.send(one, query=query), {422})) for one in lists for query in bad])


def test_a_forged_cursor_is_400(caller: Caller, endpoints: list[Endpoint]) -> None:
    lists = [one for one in endpoints if "cursor" in one.query and one.service != "dashboard"]
    assert len(lists) >= 4
    needed = {"/api/notify/v1/messages": f"patient_id={new_id()}&"}
    forged = (CANARY, "AAAA", base64.urlsafe_b64encode(b'{"a": 1}').decode(), str(new_id()), "%27;drop")
    none_of(
        [
            told(
                one,
                cursor,
                fault(caller.send(one, query=f"{needed.get(one.template, '')}cursor={cursor}"), {400}),
            )
            for one in lists
            for cursor in forged
        ]
    )


def test_an_unknown_or_repeated_query_argument_is_422(caller: Caller, endpoints: list[Endpoint]) -> None:
    faults = []
    for one in endpoints:
        if one.method == "get" and one.query:
            faults.append(told(one, "sort", fault(caller.send(one, query=f"sort={CANARY}"), {422})))
        faults.append(told(one, "a pair", fault(caller.send(one, query="a=1&a=2"), {422})))
    none_of(faults)


def test_a_nul_in_path_or_query_is_refused(caller: Caller, endpoints: list[Endpoint]) -> None:
    faults = []
    for one in endpoints:
        faults.append(told(one, "a NUL in the query", fault(caller.send(one, query=f"q={CANARY}%00"), {400})))
        if one.on_record:
            answer = caller.send(one, path=one.path("%00"))
            faults.append(told(one, "a NUL in the path", fault(answer, {400, 404})))
    none_of(faults)


@pytest.mark.parametrize("service", SERVICES)
def test_strange_paths_lead_nowhere(stack: RunningStack, service: str) -> None:
    base = stack.settings.service_url(service)
    for path in (
        f"/api/{service}/v1/..%2f..%2fetc%2fpasswd",
        f"/api/{service}/v1/" + "a" * 8_000,
        f"/api/{service}/v1//evil.test",
        f"/api/{service}/v1/{CANARY}",
    ):
        answer = httpx.get(base + path, timeout=20)
        assert answer.status_code in {400, 404, 414}, path
        assert "Location" not in answer.headers
        assert CANARY not in answer.text


def test_an_id_nobody_has_is_the_same_404_however_it_is_written(
    caller: Caller, endpoints: list[Endpoint]
) -> None:
    faults = []
    for one in (one for one in endpoints if one.on_record):
        content = json.dumps(one.body).encode() if one.has_body else b""
        bodies = set()
        for bad in BAD_IDS:
            answer = caller.send(one, content, path=one.path(bad))
            wrong = fault(answer, {404})
            faults.append(told(one, bad, wrong))
            if not wrong:
                bodies.add(json.dumps(answer.json() | {"request_id": ""}, sort_keys=True))
        if len(bodies) > 1:
            faults.append(f"{one}: tells bad ids apart: {bodies}")
    none_of(faults)


def test_a_write_without_a_proper_key_is_400(caller: Caller, writing: list[Endpoint]) -> None:
    storing = [one for one in writing if "Idempotency-Key" in one.headers]
    assert len(storing) >= 20
    faults = []
    for one in storing:
        content = json.dumps(one.body).encode()
        for key in (None, "", "k" * 256, "two words", "tab\there"):
            answer = caller.send(one, content, headers={"Idempotency-Key": key})
            faults.append(told(one, f"key {key!r:.20}", fault(answer, {400})))
    none_of(faults)


@pytest.mark.parametrize("service", SERVICES)
def test_forwarding_headers_from_outside_change_no_address(
    caller: Caller, endpoints: list[Endpoint], service: str
) -> None:
    for one in (one for one in endpoints if one.service == service and one.method == "get"):
        answer = caller.send(
            one,
            headers={
                "X-Forwarded-Host": "evil.test",
                "X-Forwarded-Proto": "gopher",
                "X-Forwarded-For": "203.0.113.9",
                "X-Original-URL": "/evil",
            },
        )
        assert answer.status_code < 500
        assert "evil" not in answer.text + str(answer.headers)


RAW: dict[str, bytes] = {
    "both lengths": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n{}",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length that is no number": b"Content-Length: two\r\n\r\n{}",
    "200 headers": b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"Content-Length: 2\r\n\r\n{}",
    "a header of 64 kB": b"X-Long: " + b"a" * 65_536 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "a bare line feed in a header": b"X-Split: a\nSet-Cookie: b=c\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("what", RAW)
def test_a_request_no_two_servers_read_alike_is_refused(stack: RunningStack, service: str, what: str) -> None:
    head = f"POST /api/{service}/v1/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    status, answer = exchange(stack, service, head.encode() + RAW[what])
    assert status in {400, 401, 404, 413, 415, 431, 501}
    assert b"Set-Cookie" not in answer
    if what not in ("200 headers", "a bare line feed in a header"):
        assert status in {400, 413, 431, 501}, answer[:200]


def test_a_chunked_body_without_end_is_cut_off(stack: RunningStack) -> None:
    head = (
        b"POST /api/intake/v1/submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    )
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    status, _ = exchange(
        stack, "intake", head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 40 + b"0\r\n\r\n"
    )
    assert status in {0, 400, 413}


def exchange(stack: RunningStack, service: str, request: bytes) -> tuple[int, bytes]:
    """Send raw bytes to the service's own port; returns the status (0: closed without a word) and all that came."""
    with socket.create_connection(("127.0.0.1", stack.settings.ports[service]), timeout=10) as connection:
        received = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                received += part
        except OSError:
            # The server may close before it has read all; what it said before counts.
            pass
    if not received:
        return 0, b""
    return int(received[9:12]), received
