"""Those who were added to a conversation by name, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from cortex_adapters.postgres.repositories.rows import FIRST_ID
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import ConversationId, UserId
from cortex_core.domain.models import Participant

__all__ = ["PostgresParticipants"]


class PostgresParticipants:
    """Those who were added by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def participants(
        self, conversation_id: ConversationId, *, after: UserId | None, limit: int
    ) -> Sequence[Participant]:
        found = await self._session.read(
            """
            SELECT user_id FROM participants
            WHERE conversation_id = $1 AND user_id > $2
            ORDER BY user_id
            LIMIT $3
            """,
            conversation_id,
            after or FIRST_ID,
            limit,
        )
        return [
            Participant(conversation_id=conversation_id, user_id=user_id) for (user_id,) in found
        ]

    async def add_participant(self, participant: Participant) -> bool:
        added = await self._session.write(
            """
            INSERT INTO participants (conversation_id, user_id) VALUES ($1, $2)
            ON CONFLICT DO NOTHING
            RETURNING user_id
            """,
            participant.conversation_id,
            participant.user_id,
        )
        return bool(added)

    async def remove_participant(self, participant: Participant) -> None:
        removed = await self._session.write(
            """
            DELETE FROM participants WHERE conversation_id = $1 AND user_id = $2
            RETURNING user_id
            """,
            participant.conversation_id,
            participant.user_id,
        )
        if not removed:
            raise NotFoundError
