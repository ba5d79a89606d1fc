"""Which conversations there are to see in SQLite: work for their repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cortex_adapters.sqlite.connections import Row, Work
from cortex_adapters.sqlite.repositories.rows import (
    LARGEST,
    many,
    to_conversation,
    to_json,
    to_micros,
)
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation
from cortex_core.ports import Activity

_LATEST: Final = (LARGEST, "")


def visible(pairs: Sequence[tuple[UserId, ConversationId]]) -> Work[list[int | None]]:
    """Return for each pair `last_seq` if the user may read the conversation, else None."""
    return many(
        """
        SELECT (
            SELECT c.last_seq
            FROM users AS u
            JOIN conversations AS c ON c.id = json_extract(pair.value, '$[1]')
            WHERE u.id = json_extract(pair.value, '$[0]') AND u.status = 'active' AND (
                EXISTS (
                    SELECT 1 FROM memberships AS m
                    WHERE m.workspace_id = c.workspace_id AND m.user_id = u.id
                ) OR EXISTS (
                    SELECT 1 FROM participants AS p
                    WHERE p.conversation_id = c.id AND p.user_id = u.id
                )
            )
        )
        FROM json_each(?) AS pair
        ORDER BY pair.key
        """,
        (to_json(pairs),),
        _to_seq,
    )


def in_workspace(
    workspace_id: WorkspaceId, after: Activity | None, limit: int
) -> Work[list[Conversation]]:
    """Return a workspace's conversations, newest activity first."""
    return many(
        """
        SELECT id, workspace_id, topic, metadata, last_seq, version, created_at, updated_at
        FROM conversations
        WHERE workspace_id = ? AND (updated_at, id) < (?, ?)
        ORDER BY updated_at DESC, id DESC
        LIMIT ?
        """,
        (workspace_id, *_before(after), limit),
        to_conversation,
    )


def of_user(user_id: UserId, after: Activity | None, limit: int) -> Work[list[Conversation]]:
    """Return all that the user may read, newest activity first.

    From each workspace no more than a page is looked at.
    """
    before = _before(after)
    return many(
        """
        WITH mine (id) AS (
            SELECT c.id
            FROM memberships AS m
            JOIN conversations AS c ON c.id IN (
                SELECT newest.id
                FROM conversations AS newest
                WHERE newest.workspace_id = m.workspace_id
                    AND (newest.updated_at, newest.id) < (?, ?)
                ORDER BY newest.updated_at DESC, newest.id DESC
                LIMIT ?
            )
            WHERE m.user_id = ?
            UNION
            SELECT conversation_id FROM participants WHERE user_id = ?
        )
        SELECT c.id, c.workspace_id, c.topic, c.metadata, c.last_seq, c.version, c.created_at,
            c.updated_at
        FROM mine
        JOIN conversations AS c ON c.id = mine.id
        WHERE (c.updated_at, c.id) < (?, ?)
        ORDER BY c.updated_at DESC, c.id DESC
        LIMIT ?
        """,
        (*before, limit, user_id, user_id, *before, limit),
        to_conversation,
    )


def _before(after: Activity | None) -> tuple[int, str]:
    return _LATEST if after is None else (to_micros(after[0]), after[1])


def _to_seq(row: Row) -> int | None:
    seq: int | None = row[0]
    return seq
