"""What each staff role may see of a referral (docs/decisions/0031-who-sees-what.md)."""

TRIAGE_ROLES = frozenset({"nurse", "provider"})
LIST_ROLES = frozenset({"front_desk", "nurse", "therapist", "provider", "manager"})
# These need a person, not a slot; every other route of the protocol, also one added tomorrow, is booked.
UNBOOKED_ROUTES = frozenset({"emergency", "staff_triage"})


def sees_clinical(role: str, kind: str) -> bool:
    """True for those who may read answers, flags, diagnoses and evidence of any patient."""
    return kind in ("service", "client", "system") or role in TRIAGE_ROLES


def sees_route(role: str, kind: str, state: str) -> bool:
    """True when the route may be shown: to the front desk only once a person confirmed it, because they book it."""
    if role == "front_desk":
        return state in ("accepted", "to_book", "booked", "arrived", "attended", "closed")
    return sees_clinical(role, kind) or role in ("therapist", "manager")


def sees_site(sites: tuple[str, ...], site: str) -> bool:
    """True when an actor limited to `sites` may open a referral of `site`; no limits, or no site yet: everyone."""
    return not sites or not site or site in sites
