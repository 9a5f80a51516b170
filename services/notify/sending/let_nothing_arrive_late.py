"""What a network did not take in time is dropped, and not delivered when it comes back."""

import socket
import struct

from kernel.timings import PROVIDER_CONNECT_SECONDS


def let_nothing_arrive_late(sock: socket.socket) -> None:
    """What the network has not taken in time must not arrive later, when a STOP or a cancel has come in between.

    The kernel goes on repeating unacknowledged bytes after `close`, even for a process that is dead. So closing drops
    them (a reset, instead of a last word), and bytes nobody acknowledged for as long as a connect may take end the
    connection.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(PROVIDER_CONNECT_SECONDS * 1000))
