"""Settings of the dashboard service."""

from pydantic import SecretStr

from kernel.settings import ServiceSettings


class DashboardSettings(ServiceSettings):
    """What every service needs, the keys of sessions and passwords, and the local stack's demo client."""

    form_secret_key: SecretStr
    password_salt: SecretStr
    demo_client: SecretStr | None = None
    clinic_name: str = "Prairie Crossing Headache & Spine"
