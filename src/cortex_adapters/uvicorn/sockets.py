"""The listening socket, bound once and shared by all the processes of one server."""

from __future__ import annotations

import socket

__all__ = ["bind"]


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to *host*, IPv4 first where a name means both; it does not listen yet.

    Raises:
        OSError: The name is unknown, or the address is taken or not ours.
    """
    flags = socket.AI_PASSIVE
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    try:
        # a port in TIME_WAIT is no reason to refuse a restart
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
