"""Going through a list page by page, as a client does."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cortex_core.domain.paging import Page, PageRequest

T = TypeVar("T")


async def all_of(ask: Callable[[PageRequest], Awaitable[Page[T]]], limit: int) -> list[T]:
    """Return everything in a list, asked for *limit* at a time; every page but the last is full."""
    found: list[T] = []
    cursor = None
    while True:
        page = await ask(PageRequest(limit=limit, cursor=cursor))
        found += page.items
        if page.next_cursor is None:
            assert len(page.items) <= limit
            return found
        assert len(page.items) == limit
        assert page.next_cursor != cursor
        cursor = page.next_cursor
