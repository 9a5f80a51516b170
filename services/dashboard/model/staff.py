"""Staff accounts, in the shape Flask-Security reads (docs/decisions/0060-one-role-a-person.md)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Boolean, Integer, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from kernel.context import Actor
from services.dashboard.model.base import Base

Moment = TIMESTAMP(timezone=True)


@dataclass(frozen=True)
class Role(RoleMixin):
    """A role as Flask-Security asks for it: a name. What a role may do is each service's `allow(...)`."""

    name: str


class Staff(Base, UserMixin):
    """One person who works here. They hold one role and work at the sites named; () means at every site.

    `provider_id`: whose visits of the schedule are theirs, "" for who sees no patients of their own.
    """

    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(postgresql.UUID, primary_key=True)  # type: ignore[assignment]
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    sites: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    provider_id: Mapped[str] = mapped_column(Text, server_default=text("''"), default="")
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    fs_uniquifier: Mapped[str] = mapped_column(Text, unique=True)
    failures_in_a_row: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    last_login_at: Mapped[datetime | None] = mapped_column(Moment)  # type: ignore[assignment]

    @property
    def roles(self) -> list[Role]:  # type: ignore[override]
        """The role as the list Flask-Security expects."""
        return [Role(self.role)]

    def actor(self) -> Actor:
        """Who the owners' APIs and the audit trail see acting."""
        return Actor(
            "staff",
            str(self.id),
            role=self.role,
            name=self.name,
            sites=tuple(self.sites),
            provider_id=self.provider_id,
        )
