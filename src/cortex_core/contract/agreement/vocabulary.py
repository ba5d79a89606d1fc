"""What the rules draw from: things made before, things that never were, hostile values."""

from __future__ import annotations

from typing import Final, Literal, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle
from hypothesis.strategies import SearchStrategy

from cortex_core.contract import make, strategies
from cortex_core.domain.ids import ConversationId, MessageId, TurnId, UserId, WorkspaceId
from cortex_core.domain.models import Role

Order = Literal["asc", "desc"]
T = TypeVar("T")

Said = tuple[ConversationId, MessageId]
Asked = tuple[ConversationId, MessageId, TurnId]

SUBJECTS: Final = ["ada", "ADA", "\xe9"]
NAMES: Final = ["Lab", " LAB\t", "Stra\xdfe", "STRASSE"]

# What never was.
NOBODY: Final = UserId("ffffffff-0000-7000-8000-000000000000")
NOWHERE: Final = WorkspaceId("ffffffff-0000-7000-8000-000000000001")
NOTHING: Final = ConversationId("ffffffff-0000-7000-8000-000000000002")
UNSAID: Final = MessageId("ffffffff-0000-7000-8000-000000000003")
UNASKED: Final = TurnId("ffffffff-0000-7000-8000-000000000004")
# What is there from the beginning.
ADA: Final = UserId("88888888-0000-7000-8000-000000000000")
LAB: Final = WorkspaceId("88888888-0000-7000-8000-000000000001")
TALK: Final = ConversationId("88888888-0000-7000-8000-000000000002")
QUESTION: Final = MessageId("88888888-0000-7000-8000-000000000003")
ANSWER: Final = TurnId("88888888-0000-7000-8000-000000000004")


@st.composite
def mostly(draw: st.DrawFn, usual: SearchStrategy[T], other: SearchStrategy[T]) -> T:
    """Draw what is usual nine times out of ten."""
    return draw(other if draw(st.integers(0, 9)) == 9 else usual)


users: Bundle[UserId] = Bundle("users")
workspaces: Bundle[WorkspaceId] = Bundle("workspaces")
conversations: Bundle[ConversationId] = Bundle("conversations")
messages: Bundle[Said] = Bundle("messages")
turns: Bundle[Asked] = Bundle("turns")

any_user = mostly(users, st.just(NOBODY))
any_workspace = mostly(workspaces, st.just(NOWHERE))
any_conversation = mostly(conversations, st.just(NOTHING))
any_message: SearchStrategy[Said] = mostly(messages, st.just((NOTHING, UNSAID)))
any_turn: SearchStrategy[Asked] = mostly(turns, st.just((NOTHING, UNSAID, UNASKED)))

seconds = st.integers(0, 9)
moments = mostly(seconds.map(make.at), strategies.moments())
subjects = mostly(st.sampled_from(SUBJECTS), strategies.identities())
names = mostly(st.sampled_from(NAMES), strategies.names())
some_metadata = mostly(st.just(dict[str, object]()), strategies.raw_metadata())
# Deletes are rare, so that things live to meet each other.
last_versions = st.sampled_from([None, 0, 1, 2, 5, 6, 7, 8])
# None stands for what is stored.
versions = mostly(st.none(), st.integers(0, 9))
attempts = mostly(st.none(), st.integers(0, 3))
roles = st.sampled_from(Role)
role_sets = st.frozensets(roles)
limits = st.integers(1, 4)
places = st.none() | st.integers(0, 6)
workers = st.sampled_from(["one", "two"])
keys = st.sampled_from(["epoch", "Epoch", "key"])
orders: SearchStrategy[Order] = st.sampled_from(["asc", "desc"])
# The first half of an id: in which order things come by id has nothing to do with their age.
heads = st.integers(0, 2**32 - 1)
