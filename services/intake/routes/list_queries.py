"""What the lists take in their query; an argument that is not named is refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class PatientsQuery(BaseModel):
    """Whom to look for: the beginnings of names, a birth date, or a phone number or its end."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
    limit: Annotated[int, Field(ge=1, le=100)] = 25


class CallbacksQuery(BaseModel):
    """Which call-backs, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["open", "done"] = "open"
    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None


class EmptyIn(BaseModel):
    """A deed that needs no more than its address."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None


class DropOffQuery(BaseModel):
    """How many days back to look."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=366)] = 30


class DropOffOfQuery(DropOffQuery):
    """Of which questionnaire."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class QuestionnairesQuery(BaseModel):
    """Which questionnaires: all, or the versions of one canonical address."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25
