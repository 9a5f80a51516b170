"""Takes messages for simulated recipients: accepted at once, handed to nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel.personal import Personal
from services.notify.rules.provider_pace import Pace
from services.notify.rules.recipients import SIMULATED
from services.notify.sending.provider import Found, Letter, LookupFailed, Outcome, Transmission


@dataclass
class Simulated:
    """A provider that is none. It is chosen by recipient, never by weight."""

    name: str = SIMULATED
    channel: str = "simulated"
    waits_for_receipts: bool = False
    letters_at_once: int = 64
    letters_a_batch: int = 64
    marks_handover: bool = False
    pace: Pace = field(default_factory=lambda: Pace(1_000_000.0, 1_000_000_000, 100))

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """Accept every letter."""
        return [Outcome("accepted", provider_message_id=f"SIM{letter.attempt_id}") for letter in letters]

    def find(self, address: Personal[str], since: datetime) -> list[Found]:
        """There is no doubt about what went nowhere."""
        raise LookupFailed("simulated")
