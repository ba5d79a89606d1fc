"""Everything a `Store` must do."""

from __future__ import annotations

from cortex_core.contract.conversations import ConversationsContract
from cortex_core.contract.events import EventsContract
from cortex_core.contract.kinds import KindsOfUnitContract
from cortex_core.contract.leases import LeasesContract
from cortex_core.contract.links import LinksContract
from cortex_core.contract.members import MembersContract
from cortex_core.contract.messages import MessagesContract
from cortex_core.contract.names import NamesContract
from cortex_core.contract.paging import PagingContract
from cortex_core.contract.participants import ParticipantsContract
from cortex_core.contract.posts import PostsContract
from cortex_core.contract.profiles import ProfilesContract
from cortex_core.contract.registry import RegistryContract
from cortex_core.contract.replays import ReplaysContract
from cortex_core.contract.retention import RetentionContract
from cortex_core.contract.revocations import RevocationsContract
from cortex_core.contract.search import SearchContract
from cortex_core.contract.sessions import SessionsContract
from cortex_core.contract.turns import TurnsContract
from cortex_core.contract.units import UnitsContract
from cortex_core.contract.users import UsersContract
from cortex_core.contract.values import ValuesContract
from cortex_core.contract.workspaces import WorkspacesContract


class PersistenceContract(
    UsersContract,
    ProfilesContract,
    LinksContract,
    WorkspacesContract,
    NamesContract,
    MembersContract,
    ConversationsContract,
    ParticipantsContract,
    MessagesContract,
    PostsContract,
    TurnsContract,
    LeasesContract,
    EventsContract,
    SearchContract,
    SessionsContract,
    RevocationsContract,
    ReplaysContract,
    RegistryContract,
    RetentionContract,
    ValuesContract,
    PagingContract,
    UnitsContract,
    KindsOfUnitContract,
):
    """Give it a fixture `store`: an empty store, ready to use."""
