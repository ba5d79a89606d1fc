"""What ties identities to users that are not their own, and what is said of people from outside."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from cortex_core.domain.errors import InvalidInputError
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import Entity
from cortex_core.domain.text import IDENTITY_LENGTH, USER_NAME_LENGTH, text_faults

LINKED_ELSEWHERE: Final = "The identity is linked to another user; unlink it first."
IN_USE: Final = (
    "The identity has a user of its own that is disabled, has metadata, takes part in a workspace "
    "or a conversation, or is linked to; nothing is merged."
)
NOT_SOLE: Final = "Another identity is linked to that user."


class LinkKind(StrEnum):
    """How a link came about: somebody made it, or both sides had one verified address."""

    COMMAND = "command"
    EMAIL = "verified-email"


class Link(Entity, frozen=True, kw_only=True):
    """An identity that answers with *user_id*, the user of another identity.

    *linked_by* is who made it, as they are called where they made it.
    """

    issuer: str
    subject: str
    user_id: UserId
    kind: LinkKind
    linked_by: str
    linked_at: datetime

    def __post_init__(self) -> None:
        faults = [
            *text_faults("/issuer", self.issuer, least=1, most=IDENTITY_LENGTH),
            *text_faults("/subject", self.subject, least=1, most=IDENTITY_LENGTH),
            *text_faults("/linked_by", self.linked_by, least=1, most=USER_NAME_LENGTH),
        ]
        if faults:
            raise InvalidInputError(*faults)


class Profile(Entity, frozen=True, kw_only=True):
    """What an identity provider said of somebody at that time; nothing of what is empty."""

    name: str = ""
    email: str | None = None
    email_verified: bool = False
    said_at: datetime

    def __post_init__(self) -> None:
        faults = [
            *text_faults("/name", self.name, least=0, most=USER_NAME_LENGTH),
            *text_faults("/email", self.email or "", least=0, most=IDENTITY_LENGTH),
        ]
        if faults:
            raise InvalidInputError(*faults)
