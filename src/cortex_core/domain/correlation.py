"""The word that ties together what happens because of one request, wherever it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

_word: Final[ContextVar[str]] = ContextVar("cortex_correlation_id", default="")


def correlation_id() -> str:
    """Return the correlation id of what is being done here, empty where nobody asked for it."""
    return _word.get()


@contextmanager
def correlated(word: str) -> Iterator[None]:
    """Do what is inside, and the tasks that are begun there, under the correlation id *word*."""
    token = _word.set(word)
    try:
        yield
    finally:
        _word.reset(token)


def urn(word: str) -> str:
    """Return *word* as a URN (RFC 9562 section 4), or that of a UUID named after it."""
    try:
        return UUID(word).urn
    except ValueError:
        return uuid5(NAMESPACE_URL, word).urn
