"""The fixed words of alerts to staff and notices to referrers: nobody types them, so they tell about no patient."""

STAFF_MATTERS = {
    "callback_waits": "A call-back waits on the board; open it.",
    "callback_passed_on": "A call-back nobody has taken waits on the board; open it.",
    "referral_due": "Referrals are past their time.",
    "referral_stuck": "Referrals stand still.",
    "event_dead": "A service did not take what another one told it.",
    "no_free_slot": "No free time at {site}.",
}
OTHER_MATTER = "Something waits for you."
MILESTONES = {
    "accepted": "The referral was accepted.",
    "booked": "A visit is booked.",
    "changed": "The visit was changed.",
    "declined": "The referral was not accepted. Please call us.",
    "completed": "The referral is completed.",
}


def staff_matter(kind: str, site: str) -> str:
    """What an alert of `kind` says; `site` is a site's id, shown as its name is built ("lees_summit")."""
    return STAFF_MATTERS.get(kind, OTHER_MATTER).format(site=site.replace("_", " ").title() or "any site")
