"""The declarative base of intake's tables."""

from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID
from sqlalchemy.orm import DeclarativeBase

from kernel.database import NewRow, service_metadata

Moment = TIMESTAMP(timezone=True)
PgUuid = UUID


class Base(NewRow, DeclarativeBase):
    """Base of intake's mapped classes; its service name is part of each sealed field's place."""

    metadata = service_metadata("intake")
