"""Copies that share no metadata, so that nobody changes what is stored from outside."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from cortex_core.domain.events import ConversationUpdated, Logged, MessageCreated, Recorded
from cortex_core.domain.metadata import normal_metadata
from cortex_core.domain.models import Conversation, Message, User, Workspace

D = TypeVar("D", User, Workspace, Conversation, Message)


def copied(entity: D) -> D:
    """Return *entity* with metadata of its own."""
    return replace(entity, metadata=normal_metadata(entity.metadata))


def copied_event(recorded: Recorded) -> Recorded:
    """Return *recorded* with metadata of its own."""
    return replace(recorded, data=copied_data(recorded.data))


def copied_data(data: Logged) -> Logged:
    """Return *data* with metadata of its own, where it has any."""
    match data:
        case MessageCreated():
            return MessageCreated(message=copied(data.message))
        case ConversationUpdated():
            return replace(data, metadata=normal_metadata(data.metadata))
        case _:
            return data
