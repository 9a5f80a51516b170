"""An error that reaches a log says what failed, and not with which values: those may be a person's."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.contracts.contact_opt import ContactOpted
from kernel.database import Database

WORD = "Ramona-Q7"


def test_a_failed_statement_does_not_repeat_its_values(kernel_database: Database) -> None:
    with pytest.raises(DBAPIError) as failed, kernel_database.transaction() as session:
        session.execute(
            text("INSERT INTO lost_worker (worker_id, nothing) VALUES (:name, 1)"), {"name": WORD}
        )
    assert WORD not in str(failed.value)
    assert "lost_worker" in str(failed.value)


def test_a_contract_that_does_not_fit_does_not_repeat_what_it_was_given() -> None:
    with pytest.raises(ValidationError) as failed:
        ContactOpted(patient_ids=[WORD], channel="sms", at=datetime(2027, 3, 2, tzinfo=UTC))
    assert WORD not in str(failed.value)
    assert "patient_ids" in str(failed.value)
