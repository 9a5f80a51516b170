"""The time zone a postcode lies in, where the first three digits decide it; "" where they do not.

Only the clinic's own two states and their neighbours are listed. A western strip of Kansas (677-679) and of Nebraska
(691-693) keeps Mountain time in part, so those stay unknown: an unknown zone is texted only in hours that suit all.
Source: United States Postal Service prefixes and 49 CFR 71, from memory; status: needs a check before other states
are added.
"""

CENTRAL = "America/Chicago"
_CENTRAL_PREFIXES = frozenset(
    str(prefix)
    for first, last in ((500, 528), (600, 629), (630, 658), (660, 676), (680, 690), (716, 749))
    for prefix in range(first, last + 1)
)


def zone_of_postcode(postcode: str) -> str:
    """Return the IANA zone of a US postcode ("64063" or "64063-1234"), or "" when it is not certain."""
    digits = postcode.strip()[:5]
    return CENTRAL if len(digits) == 5 and digits.isdigit() and digits[:3] in _CENTRAL_PREFIXES else ""
