"""Sessions, login attempts and API clients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Integer, LargeBinary, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.dashboard.model.base import Base
from services.dashboard.model.staff import Moment


class StaffSession(Base):
    """One signed-in browser. The cookie holds a random token, this row its SHA-256: ending the row ends the session."""

    __tablename__ = "staff_session"

    id: Mapped[UUID] = mapped_column(postgresql.UUID, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    seen_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    end_reason: Mapped[str] = mapped_column(Text, server_default="")


class LoginFailure(Base):
    """Failed logins for one account name from one network, and until when the next try is refused."""

    __tablename__ = "login_failure"

    account_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    network: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(Moment)
    blocked_until: Mapped[datetime | None] = mapped_column(Moment)


class LoginPace(Base):
    """Login tries from one address in one minute."""

    __tablename__ = "login_pace"

    address: Mapped[str] = mapped_column(Text, primary_key=True)
    minute: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    tries: Mapped[int] = mapped_column(Integer)


class ApiClient(Base):
    """A program that may ask for access tokens. Its secret is stored as an argon2 hash only."""

    __tablename__ = "api_client"

    id: Mapped[UUID] = mapped_column(postgresql.UUID, primary_key=True)
    client_id: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
