"""Behind the gateway every request comes from one address; the patient's is the one the gateway vouches for."""

import re

from werkzeug.test import Client

from tests.intake.conftest import ABOUT, Clinic


def start_from(clinic: Clinic, forwarded: str) -> int:
    """Start a questionnaire through the gateway, which says whom it saw at the end of `forwarded`."""
    client = Client(clinic.app)
    seen = {"headers": {"X-Forwarded-For": forwarded}, "environ_base": {"REMOTE_ADDR": "127.0.0.1"}}
    page = client.get("/intake/start?lang=en", **seen).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    fields = {**ABOUT, "csrf_token": found.group(1)}
    return client.post("/intake/start", data=fields, **seen).status_code


def test_starts_are_counted_by_the_patients_address_and_not_the_gateways(clinic: Clinic) -> None:
    assert start_from(clinic, "198.51.100.20") == 302
    assert start_from(clinic, "198.51.100.21") == 302
    assert sorted(row.starts for row in clinic.sql("SELECT starts FROM start_count")) == [1, 1]


def test_an_address_a_caller_claims_does_not_count(clinic: Clinic) -> None:
    for claimed in ("203.0.113.1", "203.0.113.2"):
        start_from(clinic, f"{claimed}, 198.51.100.20")
    assert [row.starts for row in clinic.sql("SELECT starts FROM start_count")] == [2]
