"""Saying something in SQLite: a place in the conversation, the message, its turn."""

from __future__ import annotations

import sqlite3

from cortex_adapters.sqlite.repositories.rows import to_json, to_micros
from cortex_adapters.sqlite.repositories.search import insert_words
from cortex_core.domain.models import Message, Role, Turn


def take_place(connection: sqlite3.Connection, message: Message) -> int | None:
    """Return the next place in the conversation, or None if there is none."""
    row = connection.execute(
        """
        UPDATE conversations
        SET last_seq = last_seq + 1, updated_at = max(updated_at, ?)
        WHERE id = ?
        RETURNING last_seq
        """,
        (to_micros(message.created_at), message.conversation_id),
    ).fetchone()
    return None if row is None else row[0]


def take_place_if_allowed(
    connection: sqlite3.Connection, message: Message, roles: frozenset[Role]
) -> int | None:
    """Return the next place in the conversation, or None if the author may not have it."""
    wanted = [role.value if role in roles else None for role in Role]
    row = connection.execute(
        """
        UPDATE conversations AS c
        SET last_seq = last_seq + 1, updated_at = max(updated_at, ?)
        WHERE c.id = ? AND EXISTS (
            SELECT 1 FROM users AS u
            WHERE u.id = ? AND u.status = 'active' AND (
                EXISTS (
                    SELECT 1 FROM memberships AS m
                    WHERE m.workspace_id = c.workspace_id AND m.user_id = u.id
                        AND m.role IN (?, ?, ?)
                ) OR EXISTS (
                    SELECT 1 FROM participants AS p
                    WHERE p.conversation_id = c.id AND p.user_id = u.id
                )
            )
        )
        RETURNING last_seq
        """,
        (to_micros(message.created_at), message.conversation_id, message.author.id, *wanted),
    ).fetchone()
    return None if row is None else row[0]


def insert_message(
    connection: sqlite3.Connection, message: Message, seq: int, correlation_id: str
) -> None:
    """Store a message, which is its own event, in the place *seq*, and what it is found by."""
    connection.execute(
        """
        INSERT INTO messages (
            id, conversation_id, seq, author_kind, author_id, role, content, in_reply_to, metadata,
            created_at, correlation_id, words
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            message.id,
            message.conversation_id,
            seq,
            message.author.kind.value,
            message.author.id,
            message.role.value,
            message.content,
            message.in_reply_to,
            to_json(message.metadata),
            to_micros(message.created_at),
            correlation_id or None,
            insert_words(connection, message.content),
        ),
    )


def insert_turn(connection: sqlite3.Connection, turn: Turn) -> None:
    """Store a turn that is due from its beginning."""
    connection.execute(
        """
        INSERT INTO turns (
            id, conversation_id, message_id, status, attempts, due_at, created_at, updated_at,
            correlation_id, traceparent
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            turn.id,
            turn.conversation_id,
            turn.message_id,
            turn.status.value,
            turn.attempts,
            to_micros(turn.created_at),
            to_micros(turn.created_at),
            to_micros(turn.updated_at),
            turn.correlation_id or None,
            turn.traceparent or None,
        ),
    )
