"""What has ended, in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TypeVar

from cortex_adapters.memory.tables import Table

K = TypeVar("K")
V = TypeVar("V")


def purge(table: Table[K, V], end: Callable[[V], datetime], *, now: datetime, limit: int) -> int:
    """Drop up to *limit* rows whose *end* is not beyond *now*; return how many."""
    ended = list(islice((key for key, row in table if end(row) <= now), limit))
    for key in ended:
        table.drop(key)
    return len(ended)
