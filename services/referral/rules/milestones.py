"""What a referrer is told, and by which move."""

# Deed of a move -> milestone. A referral accepted twice (reopened) is told twice, once for each time.
MILESTONES = {
    "accept": "accepted",
    "redirect": "accepted",
    "book": "booked",
    "decline": "declined",
    "withdraw": "declined",
    "cancel_visit": "changed",
    "close": "completed",
    "hand_over": "completed",
}


def milestone_of(deed: str, to_state: str) -> str | None:
    """Return the milestone a move is, or None: a redirect back to triage is none."""
    if deed == "redirect" and to_state != "accepted":
        return None
    return MILESTONES.get(deed)
