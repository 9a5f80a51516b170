"""Wire shapes of the protocol's own pages."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictInt, StrictStr, StringConstraints

from services.referral.schemas import Code, In, NeededNote, Out, RetireReason

Title = Annotated[StrictStr, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]


class StartDraftIn(In):
    """Without `document` the draft starts from the protocol in force; an import says what it was exported from."""

    title: Title
    document: dict[str, Any] | None = None
    base_number: StrictInt | None = None


class ReplaceDocumentIn(In):
    document: dict[str, Any]


class ReplaceItemIn(In):
    """`item` null takes the item out; one with a new id is added at the end of its section."""

    section: Literal[
        "variables",
        "derived",
        "red_flags",
        "diagnoses",
        "rules",
        "modifiers",
        "upgrades",
        "review_when",
        "routes",
        "tie_breaks",
        "ranking",
    ]
    id: Code
    item: dict[str, Any] | None


class PublishIn(In):
    override_reason: Annotated[StrictStr, StringConstraints(max_length=2000)] = ""


class DiscardIn(In):
    pass


class RequestReplayIn(In):
    days: Annotated[StrictInt, Field(ge=1, le=365)] = 90


class GoldenCaseIn(In):
    """Either a referral whose answers and settled route make the case, or answers written here."""

    title: Title
    referral_id: Annotated[StrictStr, StringConstraints(max_length=64)] | None = None
    answers: dict[str, Any] | None = None
    expected: dict[str, Any] | None = None


class OverlayIn(In):
    """`changes` as `kernel.evidence.overlay` takes them; sections routes.rules, routes.modifiers, priorities."""

    site: Code
    changes: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=200)]
    reason: Annotated[StrictStr, StringConstraints(min_length=1, max_length=2000, pattern=r"\S")]


class RetireIn(In):
    """Why a golden case is asked no more: a code, and in words for whoever publishes next."""

    reason_code: RetireReason
    note: NeededNote


class AnyOut(Out):
    """A JSON object whose members the README of the service lists."""

    model_config = ConfigDict(extra="allow")
