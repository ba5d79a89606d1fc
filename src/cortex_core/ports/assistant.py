"""Who answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from cortex_core.domain.models import Conversation, Message, Turn


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What an assistant is asked: *history* is oldest first and ends with the message to answer."""

    turn: Turn
    conversation: Conversation
    history: Sequence[Message]


class Assistant(Protocol):
    """Answers messages."""

    def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Yield the answer piece by piece; together 1 to 32 000 characters.

        The generator is closed early when the server is leaving or the lease of the turn is
        lost; the turn may then be asked again, here or in another process.
        """
        ...
