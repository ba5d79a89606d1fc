"""Answers under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cortex_core.domain.ids import TurnId
from cortex_core.domain.models import Backlog, Turn


class TurnRepository(Protocol):
    """Answers under way: a queue with leases, in the store itself."""

    async def get(self, turn_id: TurnId) -> Turn:
        """Return a turn."""
        ...

    async def backlog(self) -> Sequence[Backlog]:
        """Return what is queued and what is running, each with the oldest created_at of its turns.

        A state in which there is no turn is left out.
        """
        ...

    async def lease(
        self, *, worker: str, now: datetime, until: datetime, limit: int
    ) -> Sequence[Turn]:
        """Take up to *limit* turns that are due at *now*, oldest due first, for *worker*.

        Queued turns are due when they were added or released to be; running turns are due
        when their lease has ended; equal times go by id. What is taken is running, counts one
        attempt more, has *now* as its updated_at, and is due again at *until*. Two units of work
        never take the same turn.
        """
        ...

    async def renew(self, turn: Turn, *, worker: str, until: datetime) -> None:
        """Put off the end of a lease.

        Raises:
            LeaseLostError: *worker* does not hold the turn at `turn.attempts` any more.
        """
        ...

    async def release(self, turn: Turn, *, worker: str, due: datetime) -> None:
        """Give a turn back to the queue with the attempts and updated_at of *turn*, due at *due*.

        Raises:
            LeaseLostError: *worker* does not hold the turn any more.
        """
        ...

    async def finish(self, turn: Turn, *, worker: str) -> None:
        """Store status, error and updated_at of a turn that is completed or failed.

        Raises:
            LeaseLostError: *worker* does not hold the turn at `turn.attempts` any more.
        """
        ...
