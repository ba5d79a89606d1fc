"""Messages by what they say, in PostgreSQL: full text search over the words of the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain.ids import UserId
from cortex_core.domain.search.query import Alternative, Query
from cortex_core.domain.search.words import findable, spaced
from cortex_core.ports import Hit, SearchPlace

__all__ = ["PostgresSearch"]

# The index knows which words are there, and not where: a tsvector holds 256 places of each, and
# would miss phrases beyond. They are looked for in the words themselves, which the rank is made of,
# too, as the core makes it: once, thanks to OFFSET 0, and of what may be read only. Best first
# without their contents, which are read for the page only.
_FIND: Final = """
    SELECT m.id, m.conversation_id, m.seq, m.author_kind, m.author_id, m.role, m.content,
        m.in_reply_to, m.metadata, m.created_at, best.rank
    FROM (
        SELECT id, rank FROM (
            SELECT m.id, (
                SELECT sum(1000 * times / (times + 1 + length(m.words) / 400))
                FROM jsonb_array_elements_text($3::jsonb) AS phrase, LATERAL (
                    SELECT (length(m.words) - length(replace(m.words, phrase, ''))) / length(phrase)
                        AS times
                ) AS counted
            ) AS rank
            FROM messages m
            JOIN conversations c ON c.id = m.conversation_id
            WHERE array_to_tsvector(string_to_array(btrim(m.words), '  ')) @@ $2::tsquery
                AND (
                    EXISTS (
                        SELECT FROM memberships s
                        WHERE s.workspace_id = c.workspace_id AND s.user_id = $1
                    ) OR EXISTS (
                        SELECT FROM participants p
                        WHERE p.conversation_id = c.id AND p.user_id = $1
                    )
                )
                AND ($4::jsonb IS NULL OR EXISTS (
                    SELECT FROM jsonb_array_elements($4::jsonb) AS alternative
                    WHERE NOT EXISTS (
                        SELECT FROM jsonb_array_elements_text(alternative -> 0) AS phrase
                        WHERE strpos(m.words, phrase) = 0
                    ) AND NOT EXISTS (
                        SELECT FROM jsonb_array_elements_text(alternative -> 1) AS phrase
                        WHERE strpos(m.words, phrase) > 0
                    )
                ))
            OFFSET 0
        ) AS ranked
        WHERE (rank, id) < ($5, $6)
        ORDER BY rank DESC, id DESC
        LIMIT $7
    ) AS best
    JOIN messages m USING (id)
    ORDER BY best.rank DESC, m.id DESC
    """
_BEST: Final = ((1 << 63) - 1, rows.FIRST_ID)


class PostgresSearch:
    """Messages by what they say."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find(
        self, user_id: UserId, query: Query, *, after: SearchPlace | None, limit: int
    ) -> Sequence[Hit]:
        found = await self._session.read(
            _FIND,
            user_id,
            " | ".join(_tsquery(each) for each in query.alternatives),
            _json([spaced(phrase) for phrase in query.phrases]),
            _phrases(query),
            *(after or _BEST),
            limit,
        )
        return [Hit(message=rows.message(row), rank=row[10]) for row in found]

    async def catch_up(self, *, limit: int) -> int:
        await self._session.several()
        late = await self._session.write(
            """
            SELECT id, content FROM messages WHERE words IS NULL ORDER BY id LIMIT $1
            FOR NO KEY UPDATE SKIP LOCKED
            """,
            limit,
        )
        made = [[message_id, findable(content)] for message_id, content in late]
        if made:
            await self._session.write(
                """
                UPDATE messages SET words = made ->> 1
                FROM jsonb_array_elements($1::jsonb) AS made
                WHERE id = (made ->> 0)::uuid
                """,
                _json(made),
            )
        return len(made)


def _tsquery(each: Alternative) -> str:
    """Return what a text must have at least, and must not have, of single words."""
    wanted = [_quoted(word) for phrase in each.wanted for word in phrase]
    unwanted = [f"!{_quoted(phrase[0])}" for phrase in each.unwanted if len(phrase) == 1]
    return f"({' & '.join(wanted + unwanted)})"


def _quoted(word: str) -> str:
    """Return a word as a tsquery holds it; it has nothing in it that would end the quotes."""
    return f"'{word}'"


def _phrases(query: Query) -> str | None:
    """Return what the index cannot tell, for each alternative; None for nothing."""
    phrases = [
        [[spaced(phrase) for phrase in side] for side in (each.wanted, each.unwanted)]
        for each in query.alternatives
    ]
    several = any(
        len(phrase) > 1 for each in query.alternatives for phrase in (*each.wanted, *each.unwanted)
    )
    return _json(phrases) if several else None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
