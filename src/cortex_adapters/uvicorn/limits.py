"""What one connection, and all of them together, may cost."""

from __future__ import annotations

import resource

import msgspec

__all__ = ["Limits", "raise_open_files"]

_OTHER_FILES = 256
"""Files that are not connections to us: databases, logs, libraries."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, sizes in bytes."""

    head_seconds: float = 10.0
    """From the connection, or the first byte of a later request, to the end of its head."""

    body_seconds: float = 30.0
    """From the end of the head to the end of the body."""

    write_seconds: float = 30.0
    """How long a client may leave an answer unread before it is cut off."""

    idle_seconds: int = 75
    """Between two requests; a reverse proxy must give up its side sooner than we do ours."""

    head_bytes: int = 32 * 1024
    pipelined: int = 32
    connections: int = 20_000
    """Beyond it a connection is answered 503; beyond it by a tenth, closed unanswered."""

    backlog: int = 2048


def raise_open_files(limits: Limits) -> Limits:
    """Raise the limit on open files to hold *limits*, as far as may be, and return what fits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = limits.connections * 11 // 10 + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return limits
    fitting = max((soft - _OTHER_FILES) * 10 // 11, 1)
    return msgspec.structs.replace(limits, connections=fitting)
