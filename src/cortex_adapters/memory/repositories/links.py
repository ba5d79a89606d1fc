"""Links in memory."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import IN_USE, LINKED_ELSEWHERE, NOT_SOLE, Link
from cortex_core.domain.models import User, UserStatus


class MemoryLinks:
    """Identities that answer with the user of another one."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, link: Link, *, sole: bool = False) -> Link:
        tables = self._transaction.writing()
        if link.user_id not in tables.users:
            raise NotFoundError
        identity = link.issuer, link.subject
        known = tables.links.get(identity)
        if known is not None:
            if known.user_id != link.user_id:
                raise ConflictError(LINKED_ELSEWHERE)
            return known
        if sole and _to(tables, link.user_id):
            raise ConflictError(NOT_SOLE)
        own_id = tables.identities.get(identity)
        own = tables.users.get(own_id) if own_id else None
        if own is not None:
            if own.id == link.user_id or not _owns_nothing(tables, own):
                raise ConflictError(IN_USE)
            tables.users.drop(own.id)
            tables.said.drop(own.id)
            tables.identities.drop(identity)
        tables.links.put(identity, link)
        return link

    async def remove(self, issuer: str, subject: str) -> Link | None:
        tables = self._transaction.writing()
        known = tables.links.get((issuer, subject))
        tables.links.drop((issuer, subject))
        return known

    async def of_user(self, user_id: UserId) -> Sequence[Link]:
        found = _to(self._transaction.reading(), user_id)
        return sorted(found, key=lambda link: (link.issuer, link.subject))


def _to(tables: Tables, user_id: UserId) -> list[Link]:
    return [link for _, link in tables.links if link.user_id == user_id]


def _owns_nothing(tables: Tables, user: User) -> bool:
    return (
        user.status is UserStatus.ACTIVE
        and not user.metadata
        and not any(user.id in roles for _, roles in tables.members)
        and not any(user.id in guests for _, guests in tables.participants)
        and not _to(tables, user.id)
    )
