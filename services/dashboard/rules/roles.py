"""The staff roles and what each opens. The owners' APIs enforce the same again on their side."""

FRONT_DESK, NURSE, THERAPIST = "front_desk", "nurse", "therapist"
PROVIDER, MANAGER, ADMIN = "provider", "manager", "admin"
ROLES = (FRONT_DESK, NURSE, THERAPIST, PROVIDER, MANAGER, ADMIN)

ROLE_NAMES = {
    FRONT_DESK: "Front desk",
    NURSE: "Triage nurse",
    THERAPIST: "Therapist",
    PROVIDER: "Provider",
    MANAGER: "Manager",
    ADMIN: "Administrator",
}

CLINICAL = frozenset({NURSE, PROVIDER})
SEES_ANSWERS = frozenset({NURSE, PROVIDER, THERAPIST})
SEES_PATIENTS = frozenset({FRONT_DESK, NURSE, THERAPIST, PROVIDER, MANAGER})
SCHEDULES = frozenset({FRONT_DESK, NURSE})
EVERYONE = frozenset(ROLES)

FIRST_PAGE = {
    FRONT_DESK: "today.today",
    NURSE: "triage.triage",
    THERAPIST: "today.today",
    PROVIDER: "triage.triage",
    MANAGER: "worklists.worklists",
    ADMIN: "staff_accounts.accounts",
}
