"""What the notify service reads from its environment."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from kernel.settings import ServiceSettings


class NotifySettings(ServiceSettings):
    """The kernel's settings, the SMS provider, the mail server and the clinic's own words.

    `hooks_url` is the address the provider calls and signs: it must be exactly what the provider was told.
    `clinic_name` stands in texts, so it must not name a specialty.
    """

    sms_provider_url: str = Field(description="the provider's base address")
    sms_account_sid: str
    sms_auth_token: SecretStr
    sms_from: str = Field(pattern=r"^\+[1-9][0-9]{7,14}$")
    sms_per_second: float = Field(default=100.0, gt=0)
    sms_per_day: int = Field(default=50_000, ge=0)
    second_sms_url: str = Field(
        default="", description='a second Twilio-shaped provider, or "sns" for Amazon SNS'
    )
    second_sms_account_sid: str = ""
    second_sms_auth_token: SecretStr = SecretStr("")
    second_sms_from: str = ""
    smtp_host: str
    smtp_port: int = Field(ge=1, le=65535)
    smtp_from: str
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: bool | None = Field(default=None, description="default: yes in production, no elsewhere")
    mail_per_second: float = Field(default=20.0, gt=0)
    mail_per_day: int = Field(default=50_000, ge=0)
    second_mail: Literal["", "ses"] = ""
    aws_region: str = ""
    send_mode: Literal["live", "allow_list"] = "live"
    allowed_recipients: list[str] = Field(
        default_factory=list, description="JSON list, for send_mode allow_list"
    )
    simulated_recipients: list[str] = Field(
        default_factory=lambda: ["+15005550006", "simulated@example.test"],
        description="JSON list: taken and called delivered here, never handed to a provider",
    )
    hooks_url: str
    clinic_phone: str = Field(pattern=r"^\+[1-9][0-9]{7,14}$")
    clinic_name: str = Field(default="Prairie Crossing", max_length=30)

    @property
    def smtp_uses_tls(self) -> bool:
        return self.env == "production" if self.smtp_tls is None else self.smtp_tls

    @model_validator(mode="after")
    def _addresses_have_no_end(self) -> Self:
        for name in ("sms_provider_url", "hooks_url"):
            if getattr(self, name).endswith("/"):
                raise ValueError(f"{name.upper()} must not end in a slash")
        return self
