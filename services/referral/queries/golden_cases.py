"""Golden cases: the shipped ones and those the clinic added."""

import json
from datetime import datetime
from functools import cache
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.evidence.golden import GoldenCase, read_golden_cases
from services.referral.model.protocol_life import GoldenCaseRow


@cache
def shipped_golden_cases() -> tuple[GoldenCase, ...]:
    """The cases that ship beside the first protocol."""
    file = resources.files("kernel.contracts.protocol").joinpath("golden_cases.json")
    return read_golden_cases(json.loads(file.read_text(encoding="utf-8")))


def clinic_golden_cases(session: Session) -> list[GoldenCaseRow]:
    """The cases the clinic added and has not retired, oldest first."""
    standing = select(GoldenCaseRow).where(GoldenCaseRow.retired_at.is_(None))
    return list(session.scalars(standing.order_by(GoldenCaseRow.id)))


def retired_golden_cases(session: Session, since: datetime | None = None) -> list[GoldenCaseRow]:
    """The cases that are asked no more, those retired last first; `since`: only those retired after it."""
    retired = select(GoldenCaseRow).where(GoldenCaseRow.retired_at.is_not(None))
    if since is not None:
        retired = retired.where(GoldenCaseRow.retired_at > since)
    return list(session.scalars(retired.order_by(GoldenCaseRow.retired_at.desc(), GoldenCaseRow.id)))


def golden_cases(session: Session) -> tuple[GoldenCase, ...]:
    """Every case a version must pass."""
    added = []
    for row in clinic_golden_cases(session):
        assert row.content is not None
        content = row.content.reveal()
        added.append(GoldenCase(row.code, row.code, row.title, content["answers"], content["expected"]))
    return (*shipped_golden_cases(), *added)
