"""The person who answers, or about whom somebody answers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kernel.personal import PersonalField
from services.intake.model.base import Base, Moment, PgUuid


class Patient(Base):
    """Names, birth date and contact points, each sealed; blind indexes find equal values without reading them.

    `merged_into` names the patient this record was found to be the same as; it is kept so that it can be undone.
    `consent_sms_at`, `consent_email_at`: when they last said yes or no; None when nobody asked.
    """

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    given_name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    family_name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    birth_date_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    postcode_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    given_index: Mapped[bytes] = mapped_column(LargeBinary)
    family_index: Mapped[bytes] = mapped_column(LargeBinary)
    birth_index: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    postcode_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    search_keys: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary), server_default="{}")
    language: Mapped[str] = mapped_column(Text, server_default="en")
    time_zone: Mapped[str] = mapped_column(Text, server_default="")
    consent_sms: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    consent_email: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    consent_sms_at: Mapped[datetime | None] = mapped_column(Moment)
    consent_email_at: Mapped[datetime | None] = mapped_column(Moment)
    opted_out: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    merged_into: Mapped[UUID | None] = mapped_column(PgUuid)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    given_name = PersonalField[str]("given_name_sealed")
    family_name = PersonalField[str]("family_name_sealed")
    birth_date = PersonalField[str]("birth_date_sealed")
    phone = PersonalField[str]("phone_sealed")
    email = PersonalField[str]("email_sealed")
    postcode = PersonalField[str]("postcode_sealed")

    __table_args__ = (
        Index("ix_patient_birth_index", "birth_index"),
        Index("ix_patient_phone_index", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
        Index("ix_patient_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("ix_patient_search_keys", "search_keys", postgresql_using="gin"),
    )
