"""Wire shapes of the notify API."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9_]{1,40}$")]
Note = Annotated[str, StringConstraints(strict=True, max_length=2000)]


class Strict(BaseModel):
    """A body in: fields that are not named are refused."""

    model_config = ConfigDict(extra="forbid")


class CloseIn(Strict):
    """How staff dealt with a reply or an item."""

    outcome: Code


class EmptyIn(Strict):
    """A deed that needs no more than its address."""


class CloseItemIn(Strict):
    """How an item was dealt with, and what was learned: a phone in E.164, an e-mail address, or "" for neither."""

    outcome: Code
    phone: Annotated[str, StringConstraints(strict=True, pattern=r"^(\+[1-9][0-9]{7,14})?$")] = ""
    email: Annotated[
        str,
        StringConstraints(strict=True, max_length=254, pattern=r"^([^@\s<>,;]+@[^@\s<>,;.]+\.[^@\s<>,;]+)?$"),
    ] = ""


class ItemsOut(BaseModel):
    """One page of a list."""

    items: list[dict[str, Any]]
    next_cursor: str | None


class RecordOut(BaseModel):
    """One record; its fields are described in README.md."""

    model_config = ConfigDict(extra="allow")
