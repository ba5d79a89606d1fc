"""What a caller may ask for; decoded straight off the wire.

The rules for each field live with the entity that the command makes or changes; here are
only the shapes. In a change, what is unset stays, and null goes back to the default.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from cortex_core.domain.metadata import Metadata
from cortex_core.domain.models import Role
from cortex_core.domain.text import Content, Description, Name, Topic, UserName


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape that every command shares."""


class ChangeMe(Command, frozen=True, kw_only=True):
    """Change the caller's own user."""

    name: UserName | None | UnsetType = UNSET
    metadata: Metadata | None | UnsetType = UNSET


class CreateWorkspace(Command, frozen=True, kw_only=True):
    """Open a workspace that the caller owns."""

    name: Name
    description: Description = ""
    metadata: Metadata = {}


class ChangeWorkspace(Command, frozen=True, kw_only=True):
    """Change a workspace (JSON merge patch, RFC 7396)."""

    name: Name | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    metadata: Metadata | None | UnsetType = UNSET


class PutMember(Command, frozen=True, kw_only=True):
    """Give a user a role in a workspace."""

    role: Role


class StartConversation(Command, frozen=True, kw_only=True):
    """Start a conversation in a workspace."""

    topic: Topic
    metadata: Metadata = {}


class ChangeConversation(Command, frozen=True, kw_only=True):
    """Change a conversation (JSON merge patch, RFC 7396)."""

    topic: Topic | UnsetType = UNSET
    metadata: Metadata | None | UnsetType = UNSET


class PostMessage(Command, frozen=True, kw_only=True):
    """Say something, and with *respond* ask the assistant for an answer."""

    content: Content
    metadata: Metadata = {}
    respond: bool = False
