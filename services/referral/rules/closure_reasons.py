"""Why a site, a room or a provider takes no visits for a time."""

CLOSURE_REASONS = (
    "holiday",
    "weather",
    "maintenance",
    "training",
    "leave",
    "illness",
    "meeting",
)
