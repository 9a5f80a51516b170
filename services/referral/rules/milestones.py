"""What a referrer is told, and by which move."""

# Deed -> milestone; a redirect counts when it ends in acceptance.
# A referral that was reopened and accepted again is told again, once for each time.
MILESTONES = {
    "accept": "accepted",
    "redirect": "accepted",
    "book": "booked",
    "decline": "declined",
    "withdraw": "declined",
    "cancel_visit": "changed",
    "move_visit": "changed",
    "close": "completed",
    "hand_over": "completed",
}
