"""One machine that drives several stores side by side: same answers, same errors, same order.

class MineAgrees(StoresAgree):
    @asynccontextmanager
    async def open_stores(self):
        yield {"memory": MemoryStore(), "mine": MyStore()}

TestMineAgrees = MineAgrees.TestCase
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.conversations import ConversationRules
from cortex_core.contract.agreement.links import LinkRules
from cortex_core.contract.agreement.messages import MessageRules
from cortex_core.contract.agreement.reads import ReadRules
from cortex_core.contract.agreement.retention import RetentionRules
from cortex_core.contract.agreement.sessions import SessionRules
from cortex_core.contract.agreement.turns import TurnRules
from cortex_core.contract.agreement.workspaces import WorkspaceRules
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation, Message, MessageRole, User, Workspace
from cortex_core.domain.policy import OWNERS


class StoresAgree(
    WorkspaceRules,
    LinkRules,
    ConversationRules,
    MessageRules,
    TurnRules,
    SessionRules,
    RetentionRules,
    ReadRules,
):
    """Commands of every kind: alone, several in one unit, and units that are undone."""

    def __init__(self) -> None:
        super().__init__()
        user = User(
            id=some.ADA, issuer="-", subject="-", created_at=make.NOON, updated_at=make.NOON
        )
        workspace = Workspace(id=some.LAB, name="Lab", created_at=make.NOON, updated_at=make.NOON)
        conversation = Conversation(
            id=some.TALK,
            workspace_id=some.LAB,
            topic="Hello",
            created_at=make.NOON,
            updated_at=make.NOON,
        )
        message = Message(
            id=some.QUESTION,
            conversation_id=some.TALK,
            author=make.actor(user),
            role=MessageRole.USER,
            content="Hello?",
            created_at=make.NOON,
        )
        turn = replace(make.turn(message), id=some.ANSWER)
        self.write(lambda work: work.users.ensure(user))
        self.write(lambda work: work.workspaces.add(workspace, owner_id=user.id))
        self.write(lambda work: work.conversations.add(conversation))
        self.write(lambda work: work.messages.post(message, turn=turn, roles=OWNERS))

    @initialize(target=some.users)
    def begin_with_a_user(self) -> UserId:
        return some.ADA

    @initialize(target=some.workspaces)
    def begin_with_a_workspace(self) -> WorkspaceId:
        return some.LAB

    @initialize(target=some.conversations)
    def begin_with_a_conversation(self) -> ConversationId:
        return some.TALK

    @initialize(target=some.messages)
    def begin_with_a_message(self) -> some.Said:
        return some.TALK, some.QUESTION

    @initialize(target=some.turns)
    def begin_with_a_turn(self) -> some.Asked:
        return some.TALK, some.QUESTION, some.ANSWER

    @rule(target=some.conversations, head=some.heads, owner_id=some.users, name=some.names)
    def start(self, head: int, owner_id: UserId, name: str) -> ConversationId:
        """Open a workspace with a conversation in it."""
        workspace = Workspace(
            id=WorkspaceId(self.fresh_id(head)),
            name=name,
            created_at=make.NOON,
            updated_at=make.NOON,
        )
        conversation = Conversation(
            id=ConversationId(self.fresh_id(head)),
            workspace_id=workspace.id,
            topic="Hello",
            created_at=make.NOON,
            updated_at=make.NOON,
        )
        self.write(lambda work: work.workspaces.add(workspace, owner_id=owner_id))
        self.write(lambda work: work.conversations.add(conversation))
        return conversation.id

    @precondition(lambda self: not self.in_unit)
    @rule(commands=st.integers(2, 5), undo=st.booleans())
    def open_a_unit(self, commands: int, undo: bool) -> None:
        self.open_unit(commands, undo=undo)

    def teardown(self) -> None:
        try:
            self.end_unit()
        finally:
            super().teardown()
