"""Keyset pages and the opaque cursors between them.

A cursor says where the next page begins. It carries no rights: the list is checked anew
each time. Its digest binds it to one list and finds alterations by accident or by hand.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import msgspec

from cortex_core.domain.errors import Fault, InvalidCursorError, InvalidInputError

T = TypeVar("T")

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
_DIGEST: Final = 9


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Up to *limit* items, and the cursor of the next page unless this is the last."""

    items: Sequence[T]
    next_cursor: str | None = None


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How many items, and from where on."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidInputError(Fault("/limit", "range", f"must be from 1 to {MAX_LIMIT}"))


def encode_cursor(scope: str, position: object) -> str:
    """Return an opaque cursor for *position* in the list that *scope* names."""
    body = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_digest(scope, body) + body).rstrip(b"=").decode()


def decode_cursor(scope: str, cursor: str, type_: type[T]) -> T:
    """Return the position that *cursor* holds.

    Raises:
        InvalidCursorError: It was not issued for *scope*, or was altered.
    """
    try:
        raw = base64.b64decode(
            cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        digest, body = raw[:_DIGEST], raw[_DIGEST:]
        if digest != _digest(scope, body) or encode_cursor(scope, _plain(body)) != cursor:
            raise InvalidCursorError
        return msgspec.json.decode(body, type=type_)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError) as error:
        raise InvalidCursorError from error


def cut(scope: str, found: Sequence[T], limit: int, position: Callable[[T], object]) -> Page[T]:
    """Make a page from up to *limit* + 1 *found* items."""
    items = found[:limit]
    more = len(found) > limit
    return Page(
        items=items, next_cursor=encode_cursor(scope, position(items[-1])) if more else None
    )


def _plain(body: bytes) -> msgspec.Raw:
    return msgspec.Raw(body)


def _digest(scope: str, body: bytes) -> bytes:
    return hashlib.blake2b(
        scope.encode() + b"\x00" + body, digest_size=_DIGEST, person=b"cortex-cursor"
    ).digest()
