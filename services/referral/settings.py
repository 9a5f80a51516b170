"""Settings of the referral service."""

from kernel.settings import ServiceSettings


class ReferralSettings(ServiceSettings):
    """What every service needs; clinic policy (hours, limits, the protocol) is data in the database."""
