"""What messages say and when: published versions, never changed, of templates and cadences."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.tables import NOW, Moment, PgUuid
from services.notify.model.base import Base


class MessageTemplate(Base):
    """The words of one message on one channel in one language; the highest version is in force."""

    __tablename__ = "message_template"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, server_default="")
    body: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    published_by: Mapped[str] = mapped_column(Text)


class CompiledLetter(Base):
    """The HTML an e-mail template became when it was published; Jinja fills it."""

    __tablename__ = "compiled_letter"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    html: Mapped[str] = mapped_column(Text)


class Cadence(Base):
    """Which messages a visit gets. An empty visit type, site or route means "any"; the most exact cadence wins."""

    __tablename__ = "cadence"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    visit_type: Mapped[str] = mapped_column(Text, server_default="")
    site_id: Mapped[str] = mapped_column(Text, server_default="")
    route: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(Integer)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    published_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    published_by: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("visit_type", "site_id", "route", "version", name="uq_cadence_visit_type"),
    )
