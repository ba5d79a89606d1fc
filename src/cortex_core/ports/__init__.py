"""The sockets that adapters plug into."""

from __future__ import annotations

from dataclasses import dataclass, field

from cortex_core.domain.ids import NewId, Uuid7
from cortex_core.ports.assistant import Assistant, Prompt
from cortex_core.ports.clock import Clock, system_clock
from cortex_core.ports.errors import ErrorReporter
from cortex_core.ports.events import EventStream, Subscription
from cortex_core.ports.identity import Credential, IdentityProvider, Principal, Proof, Scheme
from cortex_core.ports.persistence import (
    Activity,
    ConversationRepository,
    EventLog,
    Hit,
    Horizon,
    LinkRepository,
    Look,
    MessageRepository,
    Pruned,
    Registry,
    ReplayRepository,
    RetentionRepository,
    RevocationRepository,
    SearchPlace,
    SearchRepository,
    SessionRepository,
    Store,
    TurnRepository,
    UnitOfWork,
    UserRepository,
    WorkspaceRepository,
)
from cortex_core.ports.retry import Retry, once
from cortex_core.ports.sign_on import Attempt, Held, LogoutNotice, SignedOn, SignOn
from cortex_core.ports.silence import NoTelemetry
from cortex_core.ports.telemetry import (
    AttributeValue,
    Carrier,
    Level,
    Reading,
    Span,
    Telemetry,
)

__all__ = [
    "Activity",
    "Assistant",
    "Attempt",
    "AttributeValue",
    "Carrier",
    "Clock",
    "ConversationRepository",
    "Credential",
    "ErrorReporter",
    "EventLog",
    "EventStream",
    "Held",
    "Hit",
    "Horizon",
    "IdentityProvider",
    "Level",
    "LinkRepository",
    "LogoutNotice",
    "Look",
    "MessageRepository",
    "NoTelemetry",
    "Ports",
    "Principal",
    "Prompt",
    "Proof",
    "Pruned",
    "Reading",
    "Registry",
    "ReplayRepository",
    "RetentionRepository",
    "Retry",
    "RevocationRepository",
    "Scheme",
    "SearchPlace",
    "SearchRepository",
    "SessionRepository",
    "SignOn",
    "SignedOn",
    "Span",
    "Store",
    "Subscription",
    "Telemetry",
    "TurnRepository",
    "UnitOfWork",
    "UserRepository",
    "WorkspaceRepository",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """One adapter for each socket; *sign_on* where browsers may sign on."""

    identity: IdentityProvider
    store: Store
    events: EventStream
    assistant: Assistant
    errors: ErrorReporter
    telemetry: Telemetry
    sign_on: SignOn | None = None
    retry: Retry = once
    clock: Clock = system_clock
    new_id: NewId = field(default_factory=Uuid7)
