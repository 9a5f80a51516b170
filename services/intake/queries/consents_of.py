"""What a patient said about messages, as events tell it."""

from kernel.contracts.consent import ConsentSaid
from services.intake.model import Patient


def consents_of(patient: Patient) -> tuple[ConsentSaid, ...]:
    """What they said last on each channel, with its time; a channel nobody asked about is not there.

    A yes from before times were kept counts from the day the record was made: anything said since is newer.
    """
    said = (
        ("sms", patient.consent_sms, patient.consent_sms_at),
        ("email", patient.consent_email, patient.consent_email_at),
    )
    return tuple(
        ConsentSaid(channel=channel, given=given, said_at=at or patient.created_at)
        for channel, given, at in said
        if at is not None or given
    )
