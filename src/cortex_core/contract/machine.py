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

from cortex_core.contract import make
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.conversations import ConversationRules
from cortex_core.contract.agreement.messages import MessageRules
from cortex_core.contract.agreement.turns import TurnRules
from cortex_core.contract.agreement.workspaces import WorkspaceRules
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation, User, Workspace


class StoresAgree(WorkspaceRules, ConversationRules, MessageRules, TurnRules):
    """Commands of every kind: alone, several in one unit, and units that are undone."""

    @initialize(target=some.users, head=some.heads)
    def begin_with_a_user(self, head: int) -> UserId:
        user = User(
            id=UserId(self.fresh_id(head)),
            issuer="first",
            subject="first",
            created_at=make.NOON,
            updated_at=make.NOON,
        )
        self.write(lambda work: work.users.ensure(user))
        return user.id

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
    @rule()
    def open_a_unit(self) -> None:
        self.open_unit()

    @precondition(lambda self: self.in_unit)
    @rule(undo=st.booleans())
    def end_the_unit(self, undo: bool) -> None:
        self.end_unit(undo=undo)

    def teardown(self) -> None:
        try:
            if self.in_unit:
                self.end_unit(undo=False)
        finally:
            super().teardown()
