"""How long to wait before trying again."""

import random
from datetime import timedelta


def backoff(attempts: int, *, first_seconds: float = 0.5, most_seconds: float = 30.0) -> timedelta:
    """Return a delay that doubles with each attempt up to `most_seconds`, spread by ±25 % so retries do not march."""
    steady = min(most_seconds, first_seconds * 2 ** min(max(attempts - 1, 0), 20))
    return timedelta(seconds=steady * random.uniform(0.75, 1.25))
