"""What the lists take in their query; an argument that is not named is refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")]


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None


class ContactsQuery(BaseModel):
    """Which patient."""

    model_config = ConfigDict(extra="forbid")

    patient_id: Id


class MessagesQuery(PageQuery):
    """Whose messages: one of the two is needed."""

    appointment_id: Id | None = None
    patient_id: Id | None = None


class CallListQuery(PageQuery):
    """Which items."""

    state: Literal["open", "closed"] = "open"
    kind: (
        Literal[
            "call_patient",
            "event_dead",
            "forged_reports",
            "link_locked",
            "number_dead",
            "send_gave_up",
            "sending_paused",
            "unknown_send",
            "visit_question",
        ]
        | None
    ) = None
    without: Literal["unknown_send"] | None = None


class StaffAlertsQuery(BaseModel):
    """About what: ids with commas between."""

    model_config = ConfigDict(extra="forbid")

    about: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f-]{36}(,[0-9A-Fa-f-]{36}){0,49}$")]


class ReconcileQuery(BaseModel):
    """How far back."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=90)] = 7


class DryRunQuery(BaseModel):
    """How far ahead."""

    model_config = ConfigDict(extra="forbid")

    hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24


class InboxQuery(PageQuery):
    """Which replies."""

    state: Literal["open", "closed"] = "open"
