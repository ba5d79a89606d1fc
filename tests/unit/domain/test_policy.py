from itertools import product

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.domain.errors import NotFoundError, PermissionDeniedError, UserDisabledError
from cortex_core.domain.models import Role, UserStatus
from cortex_core.domain.policy import (
    OWNERS,
    PERMISSIONS,
    READERS,
    WRITERS,
    ConversationAccess,
    WorkspaceAccess,
    enter_conversation,
    enter_workspace,
    require_active,
    require_permission,
)

ADA = make.user()
DISABLED = replace(ADA, status=UserStatus.DISABLED)
LAB = make.workspace()
TALK = make.conversation(LAB)
ROLE_SETS = [READERS, WRITERS, OWNERS]


def test_the_permissions_are_those_of_the_design() -> None:
    assert sorted(PERMISSIONS) == [
        "admin:users",
        "read:audit",
        "read:conversations",
        "read:messages",
        "read:metrics",
        "read:workspaces",
        "write:conversations",
        "write:messages",
        "write:workspaces",
    ]


def test_a_permission_is_there_or_missed_by_name() -> None:
    require_permission(frozenset({"read:audit"}), "read:audit")
    for others in (frozenset[str](), PERMISSIONS - {"read:audit"}):
        with pytest.raises(PermissionDeniedError) as caught:
            require_permission(others, "read:audit")
        assert caught.value.permission == "read:audit"


def test_a_disabled_user_may_nothing() -> None:
    require_active(ADA)
    with pytest.raises(UserDisabledError):
        require_active(DISABLED)


def test_roles_include_the_ones_after_them() -> None:
    assert OWNERS < WRITERS < READERS
    assert frozenset(Role) == READERS


@pytest.mark.parametrize(("role", "roles"), list(product(Role, ROLE_SETS)))
def test_a_workspace_opens_to_the_roles(role: Role, roles: frozenset[Role]) -> None:
    access = WorkspaceAccess(user=ADA, workspace=LAB, role=role)
    if role in roles:
        assert enter_workspace(access, roles) is LAB
    else:
        with pytest.raises(PermissionDeniedError) as caught:
            enter_workspace(access, roles)
        assert all(wanted.value in str(caught.value) for wanted in roles)


@pytest.mark.parametrize("roles", ROLE_SETS)
def test_a_workspace_that_is_not_ours_is_not_there(roles: frozenset[Role]) -> None:
    for workspace in (LAB, None):
        with pytest.raises(NotFoundError):
            enter_workspace(WorkspaceAccess(user=ADA, workspace=workspace, role=None), roles)


@pytest.mark.parametrize(
    ("role", "roles", "participant", "participants"),
    list(product([None, *Role], ROLE_SETS, [False, True], [False, True])),
)
def test_a_conversation_opens_to_roles_and_to_those_added_by_name(
    role: Role | None, roles: frozenset[Role], participant: bool, participants: bool
) -> None:
    access = ConversationAccess(user=ADA, conversation=TALK, role=role, participant=participant)
    if role is None and not participant:
        error: type[Exception] | None = NotFoundError
    elif role in roles or (participant and participants):
        error = None
    else:
        error = PermissionDeniedError
    if error is None:
        assert enter_conversation(access, roles, participants=participants) is TALK
    else:
        with pytest.raises(error):
            enter_conversation(access, roles, participants=participants)


def test_a_conversation_that_is_not_there_opens_to_nobody() -> None:
    access = ConversationAccess(user=ADA, conversation=None, role=None, participant=False)
    with pytest.raises(NotFoundError):
        enter_conversation(access)


@pytest.mark.parametrize("role", [None, *Role])
def test_being_disabled_is_told_first(role: Role | None) -> None:
    with pytest.raises(UserDisabledError):
        enter_workspace(WorkspaceAccess(user=DISABLED, workspace=None, role=role))
    with pytest.raises(UserDisabledError):
        enter_conversation(
            ConversationAccess(user=DISABLED, conversation=TALK, role=role, participant=True)
        )
