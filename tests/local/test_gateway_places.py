"""Whom a place at a service counts for, and how many one may have."""

import json
from pathlib import Path

import pytest

from local.gateway.places import Places, client_address, who_shares
from tests.local.test_gateway import Running


@pytest.mark.fault("F64")
def test_the_more_clients_there_are_the_less_each_may_have_and_each_may_have_one() -> None:
    places = Places(96)

    def fill(client: str) -> int:
        n = 0
        while places.take("intake", client):
            n += 1
        return n

    assert [fill(f"10.0.0.{number}") for number in range(4)] == [48, 24, 12, 6]
    assert [fill(f"10.0.1.{number}") for number in range(7)] == [3, 2, 1, 0, 0, 0, 0]
    assert places.take("dashboard", "10.0.0.0"), "each service has its own"
    places.give_back("intake", "10.0.0.0")
    assert (places.take("intake", "10.0.0.0"), places.take("intake", "10.0.1.6")) == (False, True)
    assert all(places.take("notify", "10.0.0.9") for _ in range(500)), "a carrier's reports wait"


def test_only_a_proxy_of_our_own_is_believed_about_where_a_request_came_from(tmp_path: Path) -> None:
    said = {"X-Forwarded-For": "203.0.113.5, 198.51.100.7"}
    with Running(tmp_path, proxies=frozenset({"127.0.0.2"})) as running:
        for source, address in (("127.0.0.2", "198.51.100.7"), ("127.0.0.3", "127.0.0.3")):
            body = json.loads(running.ask("GET", "/staff/today", None, said, source)[2])
            assert body["headers"]["X-Forwarded-For"] == address
    for value in (b"", b"unknown", b"198.51.100.7, <script>"):
        assert client_address("127.0.0.2", [(b"X-Forwarded-For", value)], {"127.0.0.2"}) == "127.0.0.2"
    # A proxy that adds a line of its own behind what the client claimed.
    lines = [(b"X-Forwarded-For", b"203.0.113.5"), (b"Accept", b"*/*"), (b"x-forwarded-for", b"198.51.100.7")]
    assert client_address("127.0.0.2", lines, {"127.0.0.2"}) == "198.51.100.7"
    mapped = [who_shares(f"::ffff:198.51.100.{last}") for last in (7, 8)]
    assert mapped == ["198.51.100.7", "198.51.100.8"], "an IPv4 address, however it is written"
    assert (
        who_shares("2001:db8:1:2::3") == who_shares("2001:db8:1:2:ffff::4") != who_shares("2001:db8:1:3::3")
    )
