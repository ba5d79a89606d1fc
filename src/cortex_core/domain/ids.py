"""Identifiers: distinct types over canonical UUIDv7 text, minted in one place."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Final, NewType

UserId = NewType("UserId", str)
WorkspaceId = NewType("WorkspaceId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
TurnId = NewType("TurnId", str)

NewId = Callable[[], str]

_CANONICAL: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_COUNTER_BITS: Final = 12
_TAIL_BITS: Final = 62
_TAIL_MASK: Final = (1 << _TAIL_BITS) - 1


def is_id(text: str) -> bool:
    """Say whether *text* is an identifier in canonical form: lower case, with hyphens."""
    return _CANONICAL.fullmatch(text) is not None


class Uuid7:
    """Mint UUIDv7 identifiers that only ever grow within this process.

    RFC 9562 section 5.7, with `rand_a` as a counter (section 6.2, method 1), so that
    ids stay unique and increasing through a burst and when the wall clock steps back.
    """

    def __init__(self, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._now_ns = now_ns
        self._last = 0  # milliseconds and counter as one number

    def __call__(self) -> str:
        fresh = (self._now_ns() // 1_000_000) << _COUNTER_BITS
        # A quarter of the counter is left random, so that two processes rarely start alike.
        random = secrets.randbits(_COUNTER_BITS - 2 + _TAIL_BITS)
        fresh |= random >> _TAIL_BITS
        self._last = max(fresh, self._last + 1)
        milliseconds, counter = divmod(self._last, 1 << _COUNTER_BITS)
        value = (milliseconds << 80) | (7 << 76) | (counter << 64)
        value |= (0b10 << _TAIL_BITS) | (random & _TAIL_MASK)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
