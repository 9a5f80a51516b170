"""A number known only between two bounds.

Days with any acute drug are the union of the days of each class: a list says how many days each class
was taken, not which. The union lies between the largest class and the sum, so a comparison is answered
when both ends agree and is unknown otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernel.evidence.truth import FALSE, TRUE, UNKNOWN


@dataclass(frozen=True, slots=True)
class Bounds:
    """A closed range ``at_least <= value <= at_most`` that holds the true value."""

    at_least: float
    at_most: float

    def compare(self, operator: str, value: float) -> int:
        """Truth of ``self <operator> value`` for the operators eq, ne, lt, le, gt and ge."""
        low, high = self.at_least, self.at_most
        if operator == "ge":
            return TRUE if low >= value else FALSE if high < value else UNKNOWN
        if operator == "gt":
            return TRUE if low > value else FALSE if high <= value else UNKNOWN
        if operator == "le":
            return TRUE if high <= value else FALSE if low > value else UNKNOWN
        if operator == "lt":
            return TRUE if high < value else FALSE if low >= value else UNKNOWN
        equal = FALSE if value < low or value > high else TRUE if low == high else UNKNOWN
        return equal if operator == "eq" else TRUE - equal


def narrowed(at_least: float, at_most: float) -> Bounds | float:
    """The plain number when both ends meet, else the bounds."""
    return at_least if at_least == at_most else Bounds(at_least, at_most)
