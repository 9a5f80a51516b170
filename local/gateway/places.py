"""Who has how many requests in hand at which service, and whether one more is let in (FAULT-64).

What is let in is answered within seconds; one service's crowd takes nothing from another's, and one address never takes
all: it may have no more in hand than are still free, so half alone, and less the more others there are (0256).
"""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Collection

from local.gateway.heads import Headers

# Requests one service may have in hand or waiting before others are turned away at once.
IN_HAND = 96
# The carrier's reports wait instead: a carrier does not send again what it was refused.
WAITS = frozenset({"notify", "carrier", "mailbox"})


class Places:
    """The places at each service; `most` of them."""

    def __init__(self, most: int = IN_HAND) -> None:
        self._most = most
        self._in_hand: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def take(self, service: str, client: str) -> bool:
        """Let one request of `client` in; False when it must come again."""
        taken = self._in_hand[service]
        if service not in WAITS and taken[client] >= self._most - taken.total():
            return False
        taken[client] += 1
        return True

    def give_back(self, service: str, client: str) -> None:
        taken = self._in_hand[service]
        taken[client] -= 1
        if not taken[client]:
            del taken[client]


def client_address(peer: str, headers: Headers, proxies: Collection[str]) -> str:
    """Where a request came from: `peer`, or, when that is one of our own `proxies`, what it says of its own peer."""
    if peer not in proxies:
        return peer
    # A proxy may add its word to the client's line or in a line of its own behind it: the last of all is the proxy's.
    lines = [value for key, value in headers if key.lower() == b"x-forwarded-for"]
    said = b",".join(lines).rpartition(b",")[2].strip().decode("latin-1")
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return peer


def who_shares(address: str) -> str:
    """Whom an address counts for: itself, or the network one household or clinic is given (IPv6: its first 64 bits)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        # An IPv4 address written as IPv6 (RFC 4291, 2.5.5.2): all of them share their first 64 bits.
        found = found.ipv4_mapped or found
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
