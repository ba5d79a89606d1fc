"""Attempts after collisions: a few, after pauses of random length, within their time."""

import asyncio
import time
from itertools import pairwise

import pytest

from cortex_adapters.retries import JitteredRetry
from cortex_core.domain.errors import (
    BusyError,
    CollisionError,
    ConflictError,
    CortexError,
    OutcomeUnknownError,
)


class Unlucky:
    """Fails with *error* the first *times*, then returns how often it was called."""

    def __init__(self, error: CortexError, times: int) -> None:
        self.calls: list[float] = []
        self._error = error
        self._times = times

    async def __call__(self) -> int:
        self.calls.append(time.monotonic())
        if len(self.calls) <= self._times:
            raise self._error
        return len(self.calls)


@pytest.mark.parametrize("times", range(5))
async def test_who_was_undone_begins_anew(times: int) -> None:
    assert await JitteredRetry()(Unlucky(CollisionError(), times)) == times + 1


async def test_the_last_of_five_collisions_is_told() -> None:
    unlucky = Unlucky(CollisionError(), 99)
    with pytest.raises(CollisionError):
        await JitteredRetry()(unlucky)
    assert len(unlucky.calls) == 5
    pauses = [after - before for before, after in pairwise(unlucky.calls)]
    assert all(0.009 < pause < 2 for pause in pauses)


async def test_no_attempt_begins_after_its_time() -> None:
    unlucky = Unlucky(CollisionError(), 99)
    with pytest.raises(CollisionError):
        await JitteredRetry(attempts=1_000, seconds=0.3)(unlucky)
    assert unlucky.calls[-1] - unlucky.calls[0] < 2, "far less than a thousand attempts take"


@pytest.mark.parametrize("error", [OutcomeUnknownError(), BusyError(), ConflictError()])
async def test_nothing_else_is_tried_again(error: CortexError) -> None:
    """Least of all what may have been done."""
    unlucky = Unlucky(error, 1)
    with pytest.raises(type(error)) as caught:
        await JitteredRetry()(unlucky)
    assert caught.value is error
    assert len(unlucky.calls) == 1


async def test_those_who_retry_at_once_do_not_count_each_others_attempts() -> None:
    retry = JitteredRetry()
    every = [Unlucky(CollisionError(), 4) for _ in range(20)]
    assert await asyncio.gather(*(retry(one) for one in every)) == [5] * 20
