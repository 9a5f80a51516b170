"""What can come of a red-flag call."""

OUTCOMES = (
    ("sent_to_emergency", "Sent to emergency care"),
    ("called_911", "Emergency services called"),
    ("same_day_visit", "Same-day clinician visit arranged"),
    ("crisis_line", "Connected to the crisis line"),
    ("advised_no_change", "Assessed: no emergency"),
    ("not_reached", "Not reached after every try"),
)
