"""The declarative base of every table the dashboard service owns."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database import NewRow, service_metadata


class Base(NewRow, DeclarativeBase):
    """Base of this service's mapped classes; its metadata carries the service's name into sealed fields."""

    metadata = service_metadata("dashboard")
