"""Rules for what is not kept any more."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Horizon

horizons = st.builds(Horizon, messages=st.none() | some.moments, events=st.none() | some.moments)


class RetentionRules(Agreement):
    """What is old goes, and the log begins later."""

    @rule(conversation_id=some.any_conversation, horizon=horizons, limit=some.limits)
    def prune(self, conversation_id: ConversationId, horizon: Horizon, limit: int) -> None:
        self.write(lambda work: work.retention.prune(conversation_id, horizon, limit=limit))

    @rule(
        conversation_id=some.any_conversation,
        after=st.none() | some.any_conversation,
        horizon=horizons,
        limit=some.limits,
    )
    def look_for_what_is_old(
        self,
        conversation_id: ConversationId,
        after: ConversationId | None,
        horizon: Horizon,
        limit: int,
    ) -> None:
        self.read(lambda work: work.retention.look(after, horizon, limit=limit))
        self.read(lambda work: work.events.first(conversation_id))
