"""Memory: repositories that share one transaction.

Promises that hold for every repository: ids and names that are given are valid; a thing that
does not exist is a NotFoundError; entities come back equal to what was stored, times to
the microsecond. Any call may raise the storage errors of the catalogue (UnavailableError and
its kinds, BusyError, DeadlineError, OverloadedError, StorageCorruptError); the unit of work
is then undone. Lists return up to *limit* items from *after*, exclusive, in the order that
each method names, and nothing where what they belong to does not exist.
"""

from cortex_core.ports.persistence.conversations import Activity, ConversationRepository
from cortex_core.ports.persistence.messages import EventLog, MessageRepository
from cortex_core.ports.persistence.retention import Horizon, Look, Pruned, RetentionRepository
from cortex_core.ports.persistence.search import Hit, SearchPlace, SearchRepository
from cortex_core.ports.persistence.sessions import (
    ReplayRepository,
    RevocationRepository,
    SessionRepository,
)
from cortex_core.ports.persistence.store import Registry, Store, UnitOfWork
from cortex_core.ports.persistence.turns import TurnRepository
from cortex_core.ports.persistence.users import LinkRepository, UserRepository
from cortex_core.ports.persistence.workspaces import WorkspaceRepository

__all__ = [
    "Activity",
    "ConversationRepository",
    "EventLog",
    "Hit",
    "Horizon",
    "LinkRepository",
    "Look",
    "MessageRepository",
    "Pruned",
    "Registry",
    "ReplayRepository",
    "RetentionRepository",
    "RevocationRepository",
    "SearchPlace",
    "SearchRepository",
    "SessionRepository",
    "Store",
    "TurnRepository",
    "UnitOfWork",
    "UserRepository",
    "WorkspaceRepository",
]
