"""Whom this installation may write to at all: everyone, a list, and numbers that only pretend."""

from dataclasses import dataclass, field

# The provider that takes messages for simulated recipients.
SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Recipients:
    """`allowed` None means everyone. A simulated address is answered here and never leaves the building."""

    allowed: frozenset[str] | None = None
    simulated: frozenset[str] = field(default_factory=frozenset)

    def barrier(self, address: str) -> str:
        """ "" or the reason not to write to `address`."""
        if address in self.simulated or self.allowed is None or address in self.allowed:
            return ""
        return "not_on_allow_list"


EVERYONE = Recipients()
