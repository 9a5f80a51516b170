"""Ports: the reader's choice is kept or refused in a sentence; the others step aside."""

import socket
from collections.abc import Generator
from contextlib import closing

import pytest

from local import ports
from local.problem import Problem


def test_a_taken_port_is_said_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(Problem, match=rf"Port {number} is taken .*make up PORT={number + 1}"):
            ports.choose(number)


def listening() -> Generator[socket.socket, None, None]:
    """Sockets that listen where a gateway would put intake, and leave the gateway's own port free."""
    while True:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            if ports.is_free(taken.getsockname()[1] - ports.OFFSETS["intake"]):
                yield taken


def test_inner_ports_step_aside() -> None:
    with closing(listening()) as sockets:
        gateway = next(sockets).getsockname()[1] - ports.OFFSETS["intake"]
        chosen = ports.choose(gateway)
    assert chosen["gateway"] == gateway
    assert chosen["intake"] != gateway + ports.OFFSETS["intake"]
    assert len(set(chosen.values())) == len(chosen)


@pytest.mark.parametrize("number", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(number: int) -> None:
    with pytest.raises(Problem, match="PORT must be a number from 1 to 65535"):
        ports.choose(number)


def test_near_the_end_of_the_range_any_free_port_serves() -> None:
    chosen = ports.choose(65535)
    assert all(0 < port < 65536 for port in chosen.values())
