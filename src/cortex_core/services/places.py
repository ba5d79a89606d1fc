"""Where a page begins: what a cursor holds, trusted no further than its form.

A cursor's digest is no secret, so whoever reads this can make one that holds anything.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Final, TypeVar

import msgspec

from cortex_core.domain.errors import InvalidCursorError
from cortex_core.domain.ids import ConversationId, MessageId, is_id
from cortex_core.domain.models import Conversation
from cortex_core.domain.paging import PageRequest, decode_cursor
from cortex_core.ports import Activity, SearchPlace

T = TypeVar("T")

_EDGE: Final = 1 << 63


class ActivityPlace(msgspec.Struct, frozen=True, array_like=True):
    """A conversation's place among others, by its newest activity."""

    updated_at: Annotated[datetime, msgspec.Meta(tz=True)]
    id: ConversationId


class SearchPosition(msgspec.Struct, frozen=True, array_like=True):
    """A message's place among those that were found."""

    rank: int
    id: MessageId


def id_place(scope: str, page: PageRequest, kind: Callable[[str], T]) -> T | None:
    """Return the id, of that *kind*, after which *page* begins, None for the first page.

    Raises:
        InvalidCursorError: The cursor was not issued for *scope*, or was altered.
    """
    if page.cursor is None:
        return None
    place = decode_cursor(scope, page.cursor, str)
    if not is_id(place):
        raise InvalidCursorError
    return kind(place)


def seq_place(scope: str, page: PageRequest) -> int | None:
    """Return the place in a log after which *page* begins, None for the first page.

    Raises:
        InvalidCursorError: The cursor was not issued for *scope*, or was altered.
    """
    if page.cursor is None:
        return None
    place = decode_cursor(scope, page.cursor, int)
    if not 0 <= place < _EDGE:
        raise InvalidCursorError
    return place


def activity_place(scope: str, page: PageRequest) -> Activity | None:
    """Return the activity after which *page* begins, None for the first page.

    Raises:
        InvalidCursorError: The cursor was not issued for *scope*, or was altered.
    """
    if page.cursor is None:
        return None
    place = decode_cursor(scope, page.cursor, ActivityPlace)
    if not is_id(place.id) or place.updated_at.utcoffset() != timedelta():
        raise InvalidCursorError
    return place.updated_at, place.id


def search_place(scope: str, page: PageRequest) -> SearchPlace | None:
    """Return the hit after which *page* begins, None for the first page.

    Raises:
        InvalidCursorError: The cursor was not issued for *scope*, or was altered.
    """
    if page.cursor is None:
        return None
    place = decode_cursor(scope, page.cursor, SearchPosition)
    if not is_id(place.id) or not 0 <= place.rank < _EDGE:
        raise InvalidCursorError
    return place.rank, place.id


def place_of(conversation: Conversation) -> ActivityPlace:
    """Return where *conversation* stands among others."""
    return ActivityPlace(conversation.updated_at, conversation.id)
