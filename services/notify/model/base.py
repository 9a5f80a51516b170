"""The declarative base of this service's tables."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database import service_metadata


class Base(DeclarativeBase):
    metadata = service_metadata("notify")
