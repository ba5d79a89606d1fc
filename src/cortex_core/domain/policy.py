"""Who may do what: permissions come with the principal, roles from membership."""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

from cortex_core.domain.errors import NotFoundError, PermissionDeniedError, UserDisabledError
from cortex_core.domain.models import Conversation, Role, User, UserStatus, Workspace

Permission = Literal[
    "read:workspaces",
    "write:workspaces",
    "read:conversations",
    "write:conversations",
    "read:messages",
    "write:messages",
    "read:metrics",
    "read:audit",
    "admin:users",
]
PERMISSIONS: Final[frozenset[str]] = frozenset(get_args(Permission))

READERS: Final = frozenset({Role.OWNER, Role.EDITOR, Role.VIEWER})
WRITERS: Final = frozenset({Role.OWNER, Role.EDITOR})
OWNERS: Final = frozenset({Role.OWNER})


class WorkspaceAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What a user is to a workspace; no workspace when there is none."""

    user: User
    workspace: Workspace | None
    role: Role | None


class ConversationAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What a user is to a conversation: by role in its workspace, or added by name."""

    user: User
    conversation: Conversation | None
    role: Role | None
    participant: bool


def require_permission(permissions: frozenset[str], permission: Permission) -> None:
    """Raise PermissionDeniedError unless *permission* is among *permissions*."""
    if permission not in permissions:
        raise PermissionDeniedError(f"This needs {permission}.", permission=permission)


def require_active(user: User) -> None:
    """Raise UserDisabledError unless *user* may do anything at all."""
    if user.status is not UserStatus.ACTIVE:
        raise UserDisabledError


def enter_workspace(access: WorkspaceAccess, roles: frozenset[Role] = READERS) -> Workspace:
    """Return the workspace if its user has one of *roles*.

    Raises:
        UserDisabledError: The user may do nothing.
        NotFoundError: The user may not see it.
        PermissionDeniedError: The user sees it, but has another role.
    """
    require_active(access.user)
    if access.workspace is None or access.role is None:
        raise NotFoundError
    _require_role(access.role, roles)
    return access.workspace


def enter_conversation(
    access: ConversationAccess, roles: frozenset[Role] = READERS, *, participants: bool = True
) -> Conversation:
    """Return the conversation if its user has one of *roles*, or was added by name.

    Whoever was added by name may read and write, and with *participants* false no more.

    Raises:
        UserDisabledError: The user may do nothing.
        NotFoundError: The user may not see it.
        PermissionDeniedError: The user sees it, but may not do this.
    """
    require_active(access.user)
    if access.conversation is None or (access.role is None and not access.participant):
        raise NotFoundError
    if not (participants and access.participant):
        _require_role(access.role, roles)
    return access.conversation


def _require_role(role: Role | None, roles: frozenset[Role]) -> None:
    if role not in roles:
        names = " or ".join(wanted.value for wanted in Role if wanted in roles)
        raise PermissionDeniedError(f"This needs the role {names} in the workspace.")
