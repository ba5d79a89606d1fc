"""Those who were added to a conversation by name in SQLite: work for its repository."""

from __future__ import annotations

import sqlite3

from cortex_adapters.sqlite.connections import Row, Work
from cortex_adapters.sqlite.repositories.rows import many
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import ConversationId, UserId
from cortex_core.domain.models import Participant


def page(
    conversation_id: ConversationId, after: UserId | None, limit: int
) -> Work[list[Participant]]:
    """Return participants, by user id."""
    return many(
        """
        SELECT conversation_id, user_id
        FROM participants
        WHERE conversation_id = ? AND user_id > ?
        ORDER BY user_id
        LIMIT ?
        """,
        (conversation_id, after or "", limit),
        _to_participant,
    )


def add(participant: Participant) -> Work[bool]:
    """Add a user by name; False if that was done before."""

    def work(connection: sqlite3.Connection) -> bool:
        changed = connection.execute(
            """
            INSERT INTO participants (conversation_id, user_id)
            VALUES (?, ?)
            ON CONFLICT DO NOTHING
            """,
            (participant.conversation_id, participant.user_id),
        )
        return changed.rowcount > 0

    return work


def remove(participant: Participant) -> Work[None]:
    """Remove a user who was added by name."""

    def work(connection: sqlite3.Connection) -> None:
        changed = connection.execute(
            "DELETE FROM participants WHERE conversation_id = ? AND user_id = ?",
            (participant.conversation_id, participant.user_id),
        )
        if not changed.rowcount:
            raise NotFoundError

    return work


def _to_participant(row: Row) -> Participant:
    return Participant(conversation_id=row[0], user_id=row[1])
