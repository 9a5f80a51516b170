"""Signing in: one answer for every failure, sessions that end when they should."""

from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy import text

from kernel.context import Actor
from services.dashboard.actions.change_password import change_password
from services.dashboard.actions.change_role import change_role
from services.dashboard.actions.disable_staff import disable_staff
from services.dashboard.model import Staff
from tests.dashboard.conftest import PASSWORD, SALT, Dashboard

ADMIN = Actor("staff", "admin", role="admin")
ELSEWHERE = [
    "https://evil.example.test/",
    "//evil.example.test",
    "///evil.example.test",
    "/\\evil.example.test",
    "\\\\evil.example.test",
    "/\t/evil.example.test",
    "https:evil.example.test",
    "javascript:alert(1)",
]


def test_the_right_password_opens_the_first_page(dashboard: Dashboard) -> None:
    browser = dashboard.signed_in("nurse")
    assert browser.get("/staff").headers["Location"] == "/staff/triage"
    assert browser.get("/staff/triage").status_code == 200


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(dashboard: Dashboard) -> None:
    address = dashboard.add_staff("nurse")
    known, unknown = dashboard.browser(), dashboard.browser()
    first = known.sign_in(address, "not the password at all")
    second = unknown.sign_in("nobody@example.test", "not the password at all")
    pages = [
        answer.text.replace(name, "").replace(browser.token, "")
        for answer, name, browser in ((first, address, known), (second, "nobody@example.test", unknown))
    ]
    assert first.status_code == second.status_code == 422
    assert pages[0] == pages[1]


@pytest.mark.parametrize("wrong", [PASSWORD.upper(), PASSWORD[:-1], PASSWORD + " ", ""])
def test_a_password_is_compared_whole_and_with_its_case(dashboard: Dashboard, wrong: str) -> None:
    assert dashboard.browser().sign_in(dashboard.add_staff("nurse"), wrong).status_code == 422


def test_pages_ask_for_a_sign_in_and_go_on_where_they_were_asked(dashboard: Dashboard) -> None:
    answer = dashboard.browser().get("/staff/today?site=liberty")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/staff/login?next=")


@pytest.mark.parametrize("change", ["sign_out", "role", "disable", "password", "idle"])
def test_a_session_is_worth_nothing_once_it_has_ended(dashboard: Dashboard, change: str) -> None:
    browser = dashboard.signed_in("nurse")
    dashboard.add_staff("admin")
    assert browser.get("/staff/triage").status_code == 200
    cookie = browser.client.get_cookie("waymark_staff")
    assert cookie is not None
    with dashboard.parts.database.transaction() as session:
        staff = session.query(Staff).filter_by(email="nurse@example.test").one()
        if change == "role":
            change_role(session, ADMIN, staff, "front_desk", [])
        elif change == "disable":
            disable_staff(session, ADMIN, staff)
        elif change == "password":
            change_password(session, ADMIN, staff, "another lantern umbrella 9", SALT)
        elif change == "idle":
            session.execute(text("UPDATE staff_session SET seen_at = now() - interval '15 minutes 1 second'"))
    if change == "sign_out":
        assert browser.post("/staff/logout", {}).status_code == 302
        browser.client.set_cookie("waymark_staff", cookie.value, path="/")
    answer = browser.get("/staff/triage")
    assert answer.status_code == 401
    assert "signed out" in answer.text


def test_a_form_without_its_token_is_refused(dashboard: Dashboard) -> None:
    browser = dashboard.signed_in("nurse")
    browser.token = ""
    assert browser.post("/staff/logout", {}).status_code == 403


@pytest.mark.fault("F66")
def test_guessing_is_slowed_and_the_right_password_waits_too(dashboard: Dashboard) -> None:
    """This dashboard's Redis answers nobody: no limit rests there, so none is lifted when it is lost."""
    address = dashboard.add_staff("nurse")
    browser = dashboard.browser()
    statuses = [browser.sign_in(address, "a wrong password, try again").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    answer = browser.sign_in(address)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    with dashboard.parts.database.transaction() as session:
        kept = session.scalars(text("SELECT failures FROM login_failure")).all()
    assert kept == [5], "counted where every process of the service counts"


def test_one_address_gets_ten_tries_a_minute(dashboard: Dashboard) -> None:
    browser = dashboard.browser()
    statuses = [browser.sign_in(f"{n}@example.test", "a wrong password").status_code for n in range(11)]
    # The minute may turn during the test; at most one more set of ten fits then.
    assert statuses[-1] == 429 or 429 not in statuses[:10]


def test_there_is_no_way_to_register(dashboard: Dashboard) -> None:
    browser = dashboard.browser()
    for path in ("/staff/register", "/register", "/staff/reset", "/login", "/staff/change"):
        assert browser.get(path).status_code in (302, 404)
        assert browser.post(path, {"email": "a@example.test", "password": PASSWORD}).status_code in (
            401,
            403,
            404,
        )


def test_a_sign_in_is_audited(dashboard: Dashboard) -> None:
    dashboard.signed_in("nurse")
    with dashboard.parts.database.transaction() as session:
        actions = session.scalars(text("SELECT action FROM audit_entry ORDER BY id")).all()
    assert actions == ["create_staff", "sign_in"]


@pytest.mark.parametrize("name", ["nu\x00rse@example.test", "\x00", "n" * 300_000, "n@" + "é" * 300])
def test_an_address_no_database_can_hold_is_refused_like_any_other(dashboard: Dashboard, name: str) -> None:
    assert dashboard.browser().sign_in(name, "not the password at all").status_code == 422


@pytest.mark.parametrize("onward", ELSEWHERE)
def test_signing_in_leads_nowhere_but_here(dashboard: Dashboard, onward: str) -> None:
    browser = dashboard.browser()
    browser.get("/staff/login")
    form = {"email": dashboard.add_staff("nurse"), "password": PASSWORD, "next": onward}
    answer = browser.post("/staff/login", form, query_string={"next": onward})
    assert answer.status_code in (302, 422)
    where = answer.headers.get("Location", "/staff")
    # A browser reads a backslash as a slash; written as %5C it is only a letter of a path here.
    assert "\\" not in where
    assert urlsplit(urljoin("http://here.example.test/staff/login", where)).netloc == "here.example.test"
