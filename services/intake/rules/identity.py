"""Are two records one person? Points per equal field; a different identifier of one system rules it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FIELDS: Final = ("given_name", "family_name", "birth_date", "postcode")
SURE: Final = 3
WORTH_A_LOOK: Final = 2
#: As much as all fields and the phone together: the same number of the same keeper stands first in the queue.
IDENTIFIER_POINTS: Final = 5


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike a known patient is to the one now named. `equal` lists the fields that agree.

    `identifier_equal` and `identifier_differs`: in some system both have an identifier, and it is the same, or not.
    """

    patient_id: object
    equal: tuple[str, ...]
    phone_equal: bool
    identifier_equal: bool = False
    identifier_differs: bool = False

    @property
    def score(self) -> int:
        """0 to 10: one point per agreeing field, the phone included, and five for the same identifier."""
        return len(self.equal) + self.phone_equal + IDENTIFIER_POINTS * self.identifier_equal

    @property
    def is_same(self) -> bool:
        """Any three of given name, family name, birth date and postcode, and the phone; no identifier differs."""
        return self.phone_equal and len(self.equal) >= SURE and not self.identifier_differs

    @property
    def is_candidate(self) -> bool:
        """Enough alike for a person to look: the same identifier, two fields besides a shared phone, or three
        without it. Also when a different identifier rules it out: then the look is at whether that is right.
        """
        return self.identifier_equal or len(self.equal) >= (WORTH_A_LOOK if self.phone_equal else SURE)


def settle(likenesses: Sequence[Likeness]) -> tuple[Likeness | None, tuple[Likeness, ...]]:
    """Return the one record that is the same person, or None, and the candidates for a person to decide.

    Beside the one that is the same, only another record with the same identifier is a candidate. Two records that both
    seem the same decide nothing: that is a question for staff too. Those ruled out by an identifier come last.
    """
    same = [one for one in likenesses if one.is_same]
    if len(same) == 1:
        return same[0], tuple(one for one in likenesses if one.identifier_equal and one is not same[0])
    candidates = [one for one in likenesses if one.is_candidate]
    return None, tuple(sorted(candidates, key=lambda one: (one.identifier_differs, -one.score)))
