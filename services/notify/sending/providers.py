"""The providers of one process, made from its settings."""

from kernel.personal import Personal
from services.notify.sending.provider import Provider
from services.notify.sending.sms_http import SmsHttp
from services.notify.sending.smtp_mail import SmtpMail
from services.notify.settings import NotifySettings


def make_providers(settings: NotifySettings) -> dict[str, Provider]:
    """Return the configured providers by name. Nothing connects until a message is sent."""
    sms = SmsHttp(
        base_url=settings.sms_provider_url,
        account=settings.sms_account_sid,
        token=Personal(settings.sms_auth_token.get_secret_value()),
        sender=settings.sms_from,
        callback_url=f"{settings.hooks_url}/hooks/sms/status",
    )
    mail = SmtpMail(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        sender_name=settings.clinic_name,
        user=settings.smtp_user,
        password=Personal(settings.smtp_password.get_secret_value()) if settings.smtp_password else None,
        tls=settings.smtp_uses_tls,
    )
    return {sms.name: sms, mail.name: mail}
