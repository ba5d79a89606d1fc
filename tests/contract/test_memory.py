"""The adapters in memory keep every promise."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.memory.errors import MemoryErrorReporter
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core.contract import (
    AssistantContract,
    ErrorReporterContract,
    IdentityProviderContract,
    PersistenceContract,
    SharedEventStreamContract,
    TelemetryContract,
    make,
)
from cortex_core.contract.identity import Mint


class TestMemoryStore(PersistenceContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


class TestMemoryEventStream(SharedEventStreamContract):
    """One stream stands for two, as it has one process to serve."""

    @pytest.fixture
    def streams(self) -> tuple[MemoryEventStream, MemoryEventStream]:
        stream = MemoryEventStream()
        return stream, stream

    @pytest.fixture
    def interrupt(
        self, streams: tuple[MemoryEventStream, MemoryEventStream]
    ) -> Callable[[], Awaitable[None]]:
        async def interrupt() -> None:
            streams[0].wake()

        return interrupt


class TestMemoryIdentityProvider(IdentityProviderContract):
    @pytest.fixture
    def provider(self) -> MemoryIdentityProvider:
        return MemoryIdentityProvider(clock=lambda: make.NOON)

    @pytest.fixture
    def mint(self, provider: MemoryIdentityProvider) -> Mint:
        async def mint(
            *,
            subject: str,
            permissions: frozenset[str],
            name: str,
            email: str,
            expires_at: datetime,
        ) -> str:
            user = make.user(subject=subject, name=name, email=email)
            token = make.new_id()
            provider.add(token, make.principal(user, *permissions, expires_at=expires_at))
            return token

        return mint


class TestMemoryErrorReporter(ErrorReporterContract):
    @pytest.fixture
    def reporter(self) -> MemoryErrorReporter:
        return MemoryErrorReporter()


class TestMemoryTelemetry(TelemetryContract):
    @pytest.fixture
    def telemetry(self) -> MemoryTelemetry:
        return MemoryTelemetry()


class TestEchoAssistant(AssistantContract):
    @pytest.fixture
    def assistant(self) -> EchoAssistant:
        return EchoAssistant(delay=0)
