"""How long a login is refused after failures (the product's access figures: 5 free, then doubling to 15 minutes)."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

FREE_FAILURES = 5
LONGEST_DELAY = timedelta(minutes=15)
MOST_IN_A_ROW = 100
TRIES_A_MINUTE = 10


def delay_after(failures: int) -> timedelta:
    """Return how long the next try is refused after `failures` in a row for one account from one network."""
    if failures < FREE_FAILURES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), LONGEST_DELAY)


def network_of(address: str) -> str:
    """Return the /24 (IPv4) or /64 (IPv6) an address lies in; "unknown" for anything else."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 64}", strict=False))
