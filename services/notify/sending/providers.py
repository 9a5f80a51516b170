"""The providers of one process, made from its settings."""

from kernel.personal import Personal
from services.notify.rules.provider_pace import Pace
from services.notify.rules.recipients import Recipients
from services.notify.sending.provider import Provider
from services.notify.sending.simulated import Simulated
from services.notify.sending.sms_http import SmsHttp
from services.notify.sending.smtp_mail import SmtpMail
from services.notify.settings import NotifySettings

# With a second provider the first carries nine messages in ten, so that the second is known to work.
FIRST, SECOND, ALONE = 90, 10, 100


def make_providers(settings: NotifySettings) -> dict[str, Provider]:
    """Return the configured providers by name. Nothing connects until a message is sent."""
    made: list[Provider] = [*_sms(settings), *_mail(settings), Simulated()]
    return {provider.name: provider for provider in made}


def make_recipients(settings: NotifySettings) -> Recipients:
    """Whom this installation may write to."""
    allowed = frozenset(settings.allowed_recipients) if settings.send_mode == "allow_list" else None
    return Recipients(allowed, frozenset(settings.simulated_recipients))


def _sms(settings: NotifySettings) -> list[Provider]:
    def pace(weight: int) -> Pace:
        return Pace(settings.sms_per_second, settings.sms_per_day, weight)

    callback = f"{settings.hooks_url}/hooks/sms/status"
    second = settings.second_sms_url
    first = SmsHttp(
        base_url=settings.sms_provider_url,
        account=settings.sms_account_sid,
        token=Personal(settings.sms_auth_token.get_secret_value()),
        sender=settings.sms_from,
        callback_url=callback,
        pace=pace(FIRST if second else ALONE),
    )
    if not second:
        return [first]
    if second == "sns":
        from services.notify.sending.amazon import SnsSms

        return [first, SnsSms(settings.aws_region, pace(SECOND))]
    other = SmsHttp(
        base_url=second,
        account=settings.second_sms_account_sid,
        token=Personal(settings.second_sms_auth_token.get_secret_value()),
        sender=settings.second_sms_from,
        callback_url=callback,
        pace=pace(SECOND),
        name="sms_http_2",
    )
    return [first, other]


def _mail(settings: NotifySettings) -> list[Provider]:
    def pace(weight: int) -> Pace:
        return Pace(settings.mail_per_second, settings.mail_per_day, weight)

    secret = settings.smtp_password.get_secret_value()
    first = SmtpMail(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        sender_name=settings.clinic_name,
        pace=pace(FIRST if settings.second_mail else ALONE),
        user=settings.smtp_user,
        password=Personal(secret) if secret else None,
        tls=settings.smtp_uses_tls,
    )
    if not settings.second_mail:
        return [first]
    from services.notify.sending.amazon import SesMail

    return [first, SesMail(settings.aws_region, pace(SECOND), first.compose, settings.smtp_from)]
