"""The declarative base of this service's tables."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database import NewRow, service_metadata


class Base(NewRow, DeclarativeBase):
    metadata = service_metadata("notify")
