"""Every call that a unit of work takes, on rows that the seeds of both databases have made."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.domain.ids import ConversationId, MessageId, UserId, WorkspaceId
from cortex_core.domain.links import Profile
from cortex_core.domain.models import Conversation, Message, Role, Turn, TurnStatus, User, Workspace
from cortex_core.domain.policy import WRITERS
from cortex_core.domain.search.query import parse
from cortex_core.ports import Horizon, UnitOfWork


def _id(kind: int, number: int) -> str:
    return f"{kind:08d}-0000-0000-0000-{number:012x}"


ADA = UserId(_id(1, 77))
LAB = WorkspaceId(_id(2, 3))
TALK = ConversationId(_id(3, 57))
NOTE = MessageId(_id(4, 5717))
SOON = datetime.now(UTC) + timedelta(hours=1)
RECENTLY = datetime.now(UTC) - timedelta(minutes=1)
OLD = Horizon(messages=SOON, events=SOON)
LOOKED = ConversationId(_id(3, 7000))
BEFORE: tuple[datetime, ConversationId] = (make.at(10**7), TALK)

user: User = User(
    id=ADA, issuer="issuer", subject="subject 77", created_at=make.NOON, updated_at=make.NOON
)
workspace = Workspace(id=LAB, name="other", created_at=make.NOON, updated_at=make.NOON)
conversation = Conversation(
    id=TALK, workspace_id=LAB, topic="other", created_at=make.NOON, updated_at=make.NOON
)
note: Message = make.message(conversation, user)
turn = Turn(
    id=make.turn_id(),
    conversation_id=TALK,
    message_id=NOTE,
    attempts=1,
    status=TurnStatus.RUNNING,
    created_at=make.NOON,
    updated_at=make.NOON,
)
asked = replace(turn, id=make.turn_id(), attempts=0, status=TurnStatus.QUEUED)
session = make.session(issuer="issuer", session_id="sid 77")

Call = Callable[[UnitOfWork], Awaitable[object]]
CALLS: dict[str, Call] = {
    "users.ensure": lambda work: work.users.ensure(user),
    "users.ensure, linked": lambda work: work.users.ensure(
        make.user(issuer="issuer", subject="other 7")
    ),
    "users.ensure, new": lambda work: work.users.ensure(make.user()),
    "users.find": lambda work: work.users.find("issuer", "other 77"),
    "users.with_email": lambda work: work.users.with_email("77@example.org", limit=2),
    "users.refresh": lambda work: work.users.refresh(
        ADA, Profile(name="Ada", said_at=SOON), now=make.NOON
    ),
    "links.add": lambda work: work.links.add(make.link(user)),
    "links.add, sole": lambda work: work.links.add(make.link(user), sole=True),
    "links.add, instead": lambda work: work.links.add(
        make.link(user, issuer="issuer", subject="subject 78")
    ),
    "links.remove": lambda work: work.links.remove("issuer", "other 77"),
    "links.of_user": lambda work: work.links.of_user(ADA),
    "users.get": lambda work: work.users.get(ADA),
    "users.get, locked": lambda work: work.users.get(ADA, lock=True),
    "users.update": lambda work: work.users.update(user),
    "workspaces.add": lambda work: work.workspaces.add(make.workspace(), owner_id=ADA),
    "workspaces.access": lambda work: work.workspaces.access(ADA, LAB),
    "workspaces.access, locked": lambda work: work.workspaces.access(ADA, LAB, lock=True),
    "workspaces.of_user": lambda work: work.workspaces.of_user(ADA, after=LAB, limit=51),
    "workspaces.update": lambda work: work.workspaces.update(workspace, version=1),
    "workspaces.update, stale": lambda work: work.workspaces.update(workspace, version=7),
    "workspaces.delete": lambda work: work.workspaces.delete(LAB, version=1),
    "workspaces.members": lambda work: work.workspaces.members(LAB, after=ADA, limit=51),
    "workspaces.put_member": lambda work: work.workspaces.put_member(
        make.membership(workspace, user, Role.VIEWER)
    ),
    "workspaces.remove_member": lambda work: work.workspaces.remove_member(LAB, ADA),
    "conversations.add": lambda work: work.conversations.add(make.conversation(workspace)),
    "conversations.access": lambda work: work.conversations.access(ADA, TALK),
    "conversations.access, locked": lambda work: work.conversations.access(ADA, TALK, lock=True),
    "conversations.get": lambda work: work.conversations.get(TALK),
    "conversations.visible": lambda work: work.conversations.visible([(ADA, TALK)] * 3),
    "conversations.in_workspace": lambda work: work.conversations.in_workspace(
        LAB, after=None, limit=51
    ),
    "conversations.in_workspace, on": lambda work: work.conversations.in_workspace(
        LAB, after=BEFORE, limit=51
    ),
    "conversations.of_user": lambda work: work.conversations.of_user(ADA, after=None, limit=51),
    "conversations.of_user, on": lambda work: work.conversations.of_user(
        ADA, after=BEFORE, limit=51
    ),
    "conversations.update": lambda work: work.conversations.update(conversation, version=1),
    "conversations.update, stale": lambda work: work.conversations.update(conversation, version=7),
    "conversations.delete": lambda work: work.conversations.delete(TALK, version=None),
    "conversations.participants": lambda work: work.conversations.participants(
        TALK, after=None, limit=51
    ),
    "conversations.add_participant": lambda work: work.conversations.add_participant(
        make.participant(conversation, user)
    ),
    "conversations.remove_participant": lambda work: work.conversations.remove_participant(
        make.participant(conversation, user)
    ),
    "messages.add": lambda work: work.messages.add(note),
    "messages.post": lambda work: work.messages.post(note, turn=None, roles=WRITERS),
    "messages.post, asking": lambda work: work.messages.post(note, turn=asked, roles=WRITERS),
    "messages.get": lambda work: work.messages.get(TALK, NOTE),
    "messages.in_conversation": lambda work: work.messages.in_conversation(TALK, after=3, limit=51),
    "messages.in_conversation, back": lambda work: work.messages.in_conversation(
        TALK, after=None, limit=51, order="desc"
    ),
    "search.find": lambda work: work.search.find(ADA, parse("word77"), after=None, limit=51),
    "search.find, on": lambda work: work.search.find(
        ADA, parse('"hello number7" word77 -word78 OR word79'), after=(9, NOTE), limit=51
    ),
    "search.catch_up": lambda work: work.search.catch_up(limit=100),
    "turns.get": lambda work: work.turns.get(turn.id),
    "turns.backlog": lambda work: work.turns.backlog(),
    "turns.lease": lambda work: work.turns.lease(worker="one", now=SOON, until=SOON, limit=4),
    "turns.renew": lambda work: work.turns.renew(turn, worker="one", until=make.NOON),
    "turns.release": lambda work: work.turns.release(turn, worker="one", due=make.NOON),
    "turns.finish": lambda work: work.turns.finish(turn, worker="one"),
    "events.append": lambda work: work.events.append(make.event(conversation, user)),
    "events.since": lambda work: work.events.since(TALK, seq=3, limit=51),
    "events.first": lambda work: work.events.first(TALK),
    "retention.look": lambda work: work.retention.look(LOOKED, OLD, limit=100),
    "retention.prune": lambda work: work.retention.prune(TALK, OLD, limit=10),
    "sessions.add": lambda work: work.sessions.add(session),
    "sessions.get": lambda work: work.sessions.get(session.digest, now=make.NOON),
    "sessions.update": lambda work: work.sessions.update(session, version=1),
    "sessions.delete": lambda work: work.sessions.delete(session.digest),
    "sessions.delete_by_session_id": lambda work: work.sessions.delete_by_session_id(
        "issuer", "sid 77"
    ),
    "sessions.delete_by_subject": lambda work: work.sessions.delete_by_subject(
        "issuer", "subject 77"
    ),
    "sessions.present": lambda work: work.sessions.present([session.digest] * 3, now=make.NOON),
    "sessions.purge": lambda work: work.sessions.purge(now=SOON, limit=1_000),
    "revocations.add": lambda work: work.revocations.add(
        make.revocation(value="sid 77", issuer="issuer")
    ),
    "revocations.since": lambda work: work.revocations.since(RECENTLY, now=SOON),
    "revocations.purge": lambda work: work.revocations.purge(now=SOON, limit=1_000),
    "replays.spend": lambda work: work.replays.spend("key 77", now=make.NOON, until=SOON),
    "replays.purge": lambda work: work.replays.purge(now=SOON, limit=1_000),
    "registry.ensure": lambda work: work.registry.ensure("name 7", "value"),
    "registry.ensure, new": lambda work: work.registry.ensure("epoch", "value"),
    "registry.get": lambda work: work.registry.get("name 7"),
}
