"""Rules that look: everything that can be read of something, page by page."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.ports import Activity, UnitOfWork

activities = st.none() | st.tuples(some.moments, some.any_conversation)


class ReadRules(Agreement):
    """Lists and single things."""

    @rule(
        user_id=some.any_user,
        workspace_id=st.none() | some.any_workspace,
        activity=activities,
        limit=some.limits,
    )
    def look_at_a_user(
        self,
        user_id: UserId,
        workspace_id: WorkspaceId | None,
        activity: Activity | None,
        limit: int,
    ) -> None:
        async def look(work: UnitOfWork) -> object:
            return [
                list(await work.workspaces.of_user(user_id, after=workspace_id, limit=limit)),
                list(await work.conversations.of_user(user_id, after=activity, limit=limit)),
            ]

        self.read_several(look)
        self.read(lambda work: work.users.get(user_id))

    @rule(
        user_id=some.any_user,
        workspace_id=some.any_workspace,
        after=st.none() | some.any_user,
        activity=activities,
        limit=some.limits,
    )
    def look_at_a_workspace(
        self,
        user_id: UserId,
        workspace_id: WorkspaceId,
        after: UserId | None,
        activity: Activity | None,
        limit: int,
    ) -> None:
        async def look(work: UnitOfWork) -> object:
            return [
                await work.workspaces.access(user_id, workspace_id),
                list(await work.workspaces.members(workspace_id, after=after, limit=limit)),
                list(
                    await work.conversations.in_workspace(workspace_id, after=activity, limit=limit)
                ),
            ]

        self.read_several(look)
        self.write(lambda work: work.workspaces.access(user_id, workspace_id, lock=True))

    @rule(
        user_id=some.any_user,
        conversation_id=some.any_conversation,
        after=st.none() | some.any_user,
        place=some.places,
        limit=some.limits,
        order=some.orders,
    )
    def look_at_a_conversation(
        self,
        user_id: UserId,
        conversation_id: ConversationId,
        after: UserId | None,
        place: int | None,
        limit: int,
        order: some.Order,
    ) -> None:
        async def look(work: UnitOfWork) -> object:
            talk, messages = work.conversations, work.messages
            return [
                await talk.access(user_id, conversation_id),
                list(await talk.participants(conversation_id, after=after, limit=limit)),
                list(
                    await messages.in_conversation(
                        conversation_id, after=place, limit=limit, order=order
                    )
                ),
                list(await work.events.since(conversation_id, seq=place or 0, limit=limit)),
            ]

        self.read_several(look)
        self.read(lambda work: work.conversations.get(conversation_id))
        self.write(lambda work: work.conversations.access(user_id, conversation_id, lock=True))

    @rule(
        pairs=st.lists(st.tuples(some.any_user, some.any_conversation), max_size=5),
        said=some.any_message,
        elsewhere=st.none() | some.any_conversation,
        asked=some.any_turn,
        name=some.keys,
    )
    def look_at_details(
        self,
        pairs: list[tuple[UserId, ConversationId]],
        said: some.Said,
        elsewhere: ConversationId | None,
        asked: some.Asked,
        name: str,
    ) -> None:
        where, message_id = said
        self.read(lambda work: work.conversations.visible(pairs))
        self.read(lambda work: work.messages.get(elsewhere or where, message_id))
        self.read(lambda work: work.turns.get(asked[2]))
        self.read(lambda work: work.registry.get(name))
