"""POST /evaluate answers with a decision and stores nothing."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from kernel.context import Actor
from kernel.contracts.protocol import shipped_document
from services.referral.actions.publish_protocol import publish_protocol
from services.referral.queries.protocols import PublishedProtocol, current_protocol
from tests.referral.conftest import CAUDA_EQUINA, FRONT_DESK, NECK_PAIN, Clinic


@pytest.mark.parametrize("wrapped", [True, False])
def test_answers_in_decision_with_evidence_out(clinic: Clinic, wrapped: bool) -> None:
    body = {"answers": CAUDA_EQUINA} if wrapped else CAUDA_EQUINA
    answer = clinic.call("POST", "/evaluate", body)
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["route"], answer.json["priority"]) == ("emergency", "P0")
    assert answer.json["evidence"]["red_flags"]
    assert answer.json["protocol"]["version"] == "1"
    with clinic.session() as session:
        for table in ("referral", "decision", "idempotency_record"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        ({"nope": 1}, {"nope": "unknown_field"}),
        ({"age_years": "44"}, {"age_years": "wrong_type"}),
        ({"age_years": True}, {"age_years": "wrong_type"}),
        ({"age_years": 150}, {"age_years": "out_of_range"}),
        ({"regions": ["neck", "neck"]}, {"regions": "duplicate"}),
        ({"regions": ["coccyx"], "nprs_now": 11}, {"regions": "not_in_values", "nprs_now": "out_of_range"}),
        ({"private words": 1}, {"(not a field name)": "unknown_field"}),
    ],
)
def test_bad_variables_are_named_without_their_values(
    clinic: Clinic, answers: dict[str, object], errors: dict[str, str]
) -> None:
    answer = clinic.call("POST", "/evaluate", answers)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert {e["field"]: e["code"] for e in answer.json["errors"]} == errors
    assert "coccyx" not in answer.text
    assert "private" not in answer.text


@pytest.mark.parametrize("raw", ["[]", "3", '"x"', "null"])
def test_a_body_that_is_no_object_is_refused(clinic: Clinic, raw: str) -> None:
    assert clinic.call("POST", "/evaluate", raw).status_code == 422


def test_only_clinicians_and_clients_with_the_scope_may_ask(clinic: Clinic) -> None:
    assert clinic.call("POST", "/evaluate", NECK_PAIN, actor=FRONT_DESK).status_code == 403
    access = clinic.tokens("dashboard").issue_access("ehr", frozenset({"referral:read"}), ["referral"])
    refused = clinic.call("POST", "/evaluate", NECK_PAIN, headers={"Authorization": f"Bearer {access}"})
    assert refused.status_code == 403
    access = clinic.tokens("dashboard").issue_access("ehr", frozenset({"referral:evaluate"}), ["referral"])
    allowed = clinic.call("POST", "/evaluate", NECK_PAIN, headers={"Authorization": f"Bearer {access}"})
    assert allowed.status_code == 200


def test_threads_that_ask_for_a_new_version_at_once_share_one_compiled_one(clinic: Clinic) -> None:
    # Each one more would stay in memory for good: docs/decisions/0191.
    with clinic.session() as session:
        document = {**shipped_document(), "version": "asked-for-at-once"}
        publish_protocol(session, Actor("system", "test"), document)
    together = Barrier(4)

    def ask(_: int) -> PublishedProtocol | None:
        with clinic.session() as session:
            together.wait(60)
            return current_protocol(session)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, range(4)))
    assert found[0] is not None
    assert found[0].version == "asked-for-at-once"
    assert all(one is found[0] for one in found)
