"""What the patient pages are told by the composition root."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PageFacts:
    """Figures and words of this deployment that pages need."""

    clinic_phone: str
    link_days: int
    starts_per_hour: int
    public_url: str = ""
    with_demo_hint: bool = False

    @property
    def phone_shown(self) -> str:
        """The clinic's number as people here read it."""
        digits = self.clinic_phone.removeprefix("+1")
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else self.clinic_phone
