"""Are two records one person? Points per equal field; a different birth date and phone together rule it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FIELDS: Final = ("given_name", "family_name", "birth_date", "postcode")
SURE: Final = 3
WORTH_A_LOOK: Final = 2


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike a known patient is to the one now named. `equal` lists the fields that agree."""

    patient_id: object
    equal: tuple[str, ...]
    phone_equal: bool

    @property
    def score(self) -> int:
        """0 to 5: one point per agreeing field, the phone included."""
        return len(self.equal) + self.phone_equal

    @property
    def is_same(self) -> bool:
        """Any three of given name, family name, birth date and postcode, and the phone."""
        return self.phone_equal and len(self.equal) >= SURE

    @property
    def is_candidate(self) -> bool:
        """Enough alike for a person to look: two fields besides a shared phone, or three without it."""
        return len(self.equal) >= (WORTH_A_LOOK if self.phone_equal else SURE)


def settle(likenesses: Sequence[Likeness]) -> tuple[Likeness | None, tuple[Likeness, ...]]:
    """Return the one record that is the same person, or None with the candidates for a person to decide.

    Two records that both seem the same decide nothing: that is a question for staff too.
    """
    same = [one for one in likenesses if one.is_same]
    if len(same) == 1:
        return same[0], ()
    candidates = sorted((one for one in likenesses if one.is_candidate), key=lambda one: -one.score)
    return None, tuple(candidates)
