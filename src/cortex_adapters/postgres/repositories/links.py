"""Links in PostgreSQL: rows of users that point to another one."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_adapters.postgres.connection import Row
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import IN_USE, LINKED_ELSEWHERE, NOT_SOLE, Link, LinkKind

__all__ = ["PostgresLinks"]


class PostgresLinks:
    """Identities that answer with the user of another one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, link: Link, *, sole: bool = False) -> Link:
        await self._session.several()
        if not await self._session.write(
            """
            SELECT id FROM users WHERE id = $1 AND linked_to IS NULL FOR NO KEY UPDATE
            """,
            link.user_id,
        ):
            raise NotFoundError
        # What keys point to this row waits here, or fails once its id is another one.
        own = await self._session.write(
            """
            SELECT id, linked_to, linked_how, linked_by, linked_at,
                status = 'active' AND metadata = '{}'
            FROM users WHERE issuer = $1 AND subject = $2 FOR UPDATE
            """,
            link.issuer,
            link.subject,
        )
        if own and own[0][1] is not None:
            if own[0][1] != link.user_id:
                raise ConflictError(LINKED_ELSEWHERE)
            return _link(link.issuer, link.subject, own[0][1:])
        if own and (own[0][0] == link.user_id or not own[0][5] or await self._has(own[0][0])):
            raise ConflictError(IN_USE)
        if sole and await self.of_user(link.user_id):
            raise ConflictError(NOT_SOLE)
        await self._put(link)
        return link

    async def remove(self, issuer: str, subject: str) -> Link | None:
        found = await self._session.write(
            """
            DELETE FROM users WHERE issuer = $1 AND subject = $2 AND linked_to IS NOT NULL
            RETURNING linked_to, linked_how, linked_by, linked_at
            """,
            issuer,
            subject,
        )
        return _link(issuer, subject, found[0]) if found else None

    async def of_user(self, user_id: UserId) -> Sequence[Link]:
        found = await self._session.read(
            """
            SELECT issuer, subject, linked_to, linked_how, linked_by, linked_at
            FROM users WHERE linked_to = $1 ORDER BY issuer, subject
            """,
            user_id,
        )
        return [_link(row[0], row[1], row[2:]) for row in found]

    async def _has(self, user_id: UserId) -> bool:
        """Say whether a user takes part in anything, or is linked to."""
        [(found,)] = await self._session.read(
            """
            SELECT EXISTS (SELECT FROM memberships WHERE user_id = $1)
                OR EXISTS (SELECT FROM participants WHERE user_id = $1)
                OR EXISTS (SELECT FROM users WHERE linked_to = $1)
            """,
            user_id,
        )
        return bool(found)

    async def _put(self, link: Link) -> None:
        # The row stays, so that whoever makes this identity's user meanwhile waits for it. Its id
        # is nobody's: a process that knows the id of a user that is gone must not find this.
        if not await self._session.write(
            """
            INSERT INTO users AS own (id, issuer, subject, name, email_verified, status, metadata,
                created_at, updated_at, linked_to, linked_how, linked_by, linked_at)
            VALUES (gen_random_uuid(), $1, $2, '', false, 'active', '{}', $6, $6, $3, $4, $5, $6)
            ON CONFLICT (issuer, subject) DO UPDATE
            SET id = excluded.id, name = '', email = NULL, email_verified = false,
                said_name = NULL, said_at = NULL,
                linked_to = excluded.linked_to, linked_how = excluded.linked_how,
                linked_by = excluded.linked_by, linked_at = excluded.linked_at
            WHERE own.linked_to IS NULL AND own.status = 'active' AND own.metadata = '{}'
            RETURNING id
            """,
            link.issuer,
            link.subject,
            link.user_id,
            link.kind.value,
            link.linked_by,
            link.linked_at,
        ):
            raise ConflictError(IN_USE)


def _link(issuer: str, subject: str, row: Row) -> Link:
    return Link(
        issuer=issuer,
        subject=subject,
        user_id=row[0],
        kind=LinkKind(row[1]),
        linked_by=row[2],
        linked_at=row[3],
    )
