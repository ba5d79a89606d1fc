"""Messages by what they say, in SQLite: FTS5 over the words of the core."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from cortex_adapters.sqlite.connections import Row
from cortex_adapters.sqlite.repositories.rows import LARGEST, many, to_json, to_message
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.ids import UserId
from cortex_core.domain.search.query import Alternative, Phrase, Query
from cortex_core.domain.search.words import findable, spaced
from cortex_core.ports import Hit, SearchPlace

_BEST: Final[tuple[int, str]] = (LARGEST, "")


class SqliteSearch:
    """Messages by what they say."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(
        self, user_id: UserId, query: Query, *, after: SearchPlace | None, limit: int
    ) -> Sequence[Hit]:
        # The rank is that of the core; FTS5's own depends on what others have written. CROSS JOIN
        # has SQLite begin with what was found, whatever it knows of the tables.
        return await self._transaction.read(
            many(
                """
                SELECT m.id, m.conversation_id, m.seq, m.author_kind, m.author_id, m.role,
                    m.content, m.in_reply_to, m.metadata, m.created_at, found.score
                FROM (
                    SELECT w.rowid AS place, (
                        SELECT sum(1000 * each.times / (each.times + 1 + length(w.words) / 400))
                        FROM (
                            SELECT (length(w.words) - length(replace(w.words, p.value, '')))
                                / length(p.value) AS times
                            FROM json_each(?) AS p
                        ) AS each
                    ) AS score
                    FROM message_words AS w
                    WHERE w.words MATCH ?
                ) AS found
                CROSS JOIN messages AS m ON m.words = found.place
                JOIN conversations AS c ON c.id = m.conversation_id
                WHERE (found.score, m.id) < (?, ?) AND (
                    EXISTS (
                        SELECT 1 FROM memberships AS s
                        WHERE s.workspace_id = c.workspace_id AND s.user_id = ?
                    ) OR EXISTS (
                        SELECT 1 FROM participants AS p
                        WHERE p.conversation_id = c.id AND p.user_id = ?
                    )
                )
                ORDER BY found.score DESC, m.id DESC
                LIMIT ?
                """,
                (
                    to_json([spaced(phrase) for phrase in query.phrases]),
                    " OR ".join(_match(each) for each in query.alternatives),
                    *(after or _BEST),
                    user_id,
                    user_id,
                    limit,
                ),
                _to_hit,
            )
        )

    async def catch_up(self, *, limit: int) -> int:
        def work(connection: sqlite3.Connection) -> int:
            late = connection.execute(
                """
                SELECT id, CAST(content AS BLOB) FROM messages INDEXED BY messages_words
                WHERE words IS NULL
                LIMIT ?
                """,
                (limit,),
            ).fetchall()
            for message_id, content in late:
                # What is not UTF-8 must not be in the way of all that comes after it.
                place = insert_words(connection, str(content, "utf-8", "replace"))
                connection.execute(
                    "UPDATE messages SET words = ? WHERE id = ?", (place, message_id)
                )
            return len(late)

        return await self._transaction.write(work)


def insert_words(connection: sqlite3.Connection, content: str) -> int:
    """Store the words of *content*; return their place, which its message keeps."""
    added = connection.execute("INSERT INTO message_words (words) VALUES (?)", (findable(content),))
    return int(added.lastrowid or 0)


def _match(each: Alternative) -> str:
    wanted = " AND ".join(_quoted(phrase) for phrase in each.wanted)
    if not each.unwanted:
        return f"({wanted})"
    return f"(({wanted}) NOT ({' OR '.join(_quoted(phrase) for phrase in each.unwanted)}))"


def _quoted(phrase: Phrase) -> str:
    """Return a phrase as FTS5 reads it; words hold nothing that would end the quotes."""
    return f'"{" ".join(phrase)}"'


def _to_hit(row: Row) -> Hit:
    return Hit(message=to_message(row), rank=row[10])
