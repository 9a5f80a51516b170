"""Settings of the intake service."""

from pydantic import Field, SecretStr

from kernel.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """What intake needs besides what every service needs."""

    form_secret_key: SecretStr = Field(description="signs the patients' cookie and form tokens")
    clinic_phone: str = Field(default="+18165550100", description="shown where a patient should call, E.164")
    starts_per_hour: int = Field(
        default=10, description="new questionnaires one address may start in an hour"
    )
    link_days: int = Field(default=7, description="how long a personal link works")
