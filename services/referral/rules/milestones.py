"""What a referrer is told, and by which move."""

# Deed -> milestone. A redirect that ends a review in acceptance is one; of what was accepted before, it is a change.
# A referral that was reopened and accepted again is told again, once for each time.
MILESTONES = {
    "accept": "accepted",
    "redirect": "accepted",
    "reroute": "changed",
    "book": "booked",
    "decline": "declined",
    "withdraw": "declined",
    "cancel_visit": "changed",
    "move_visit": "changed",
    "close": "completed",
    "hand_over": "completed",
}


def deed_told(deed: str, from_state: str, to_state: str) -> str:
    """Return the name under which a move stands in `MILESTONES`; it may not stand there."""
    if deed != "redirect":
        return deed
    if to_state != "accepted":
        return "back_to_review"
    return "redirect" if from_state == "needs_triage" else "reroute"
