"""What an operator does with users, without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.retries import JitteredRetry
from cortex_adapters.server.app import open_store
from cortex_adapters.server.identity import longest_life
from cortex_adapters.settings import Settings
from cortex_adapters.telemetry.errors import LogErrorReporter
from cortex_adapters.telemetry.logs import LogTelemetry, open_log
from cortex_core import Cortex
from cortex_core.services.accounts import Accounts


@asynccontextmanager
async def open_accounts(settings: Settings) -> AsyncIterator[Accounts]:
    """Open the accounts in the database; servers on it know within seconds what is done.

    Raises:
        SchemaError: The schema is not the one this release needs.
        UnavailableError: The database cannot be reached.
    """
    with open_log(level="warning", json=settings.log_format == "json") as log:
        async with open_store(settings) as store:
            ports = ports_around(
                store,
                telemetry=LogTelemetry(log),
                errors=LogErrorReporter(log),
                retry=JitteredRetry(),
            )
            yield Cortex(ports, token_lifetime=longest_life(settings)).accounts
