"""The order of the worklist as one number, so that one index serves it at any size."""

URGENCIES = ("P0", "P1", "P2", "P3", "P4", "P5")

FLAGGED_FIRST = 20
BREACHING_FIRST = 10


def priority_rank(priority: str) -> int:
    """Return 0 for P0 to 5 for P5; raises ValueError for another word."""
    return URGENCIES.index(priority)


def worklist_rank(flagged: bool, breaching: bool, priority: str) -> int:
    """Return the rank by which the worklist is ordered: open red flags, then breaching, then priority.

    The database computes the same in a generated column; this is the definition a test holds it to.
    """
    return (0 if flagged else FLAGGED_FIRST) + (0 if breaching else BREACHING_FIRST) + priority_rank(priority)
