"""`cortex check`."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace

import msgspec

from cortex_adapters.cli.endings import ASKED_WRONGLY, FAILED
from cortex_adapters.cli.remedies import explained
from cortex_adapters.cli.tenant import told
from cortex_adapters.migrations import SchemaStatus
from cortex_adapters.server import (
    Database,
    ask_tenant,
    chosen_database,
    naming,
    require_readable,
    require_servable,
)
from cortex_adapters.settings import Settings, load_settings
from cortex_core.domain.errors import CortexError, SchemaError, SettingsError


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about one condition of a start."""

    check: str
    ok: bool
    detail: str


def run(asked: Namespace) -> int:
    """Say whether a server could start, and believe anybody: settings, database, schema, tenant."""
    findings, settings = _settings()
    if settings is not None:
        findings += asyncio.run(_outside(settings, offline=asked.offline or not findings[0].ok))
    if asked.json:
        print(msgspec.json.encode(findings).decode())
    else:
        for finding in findings:
            print(f"{finding.check:9} {'ok  ' if finding.ok else 'FAIL'}  {finding.detail}")
    if all(finding.ok for finding in findings):
        return 0
    return FAILED if findings[0].ok else ASKED_WRONGLY


def _settings() -> tuple[list[Finding], Settings | None]:
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        return [Finding(check="settings", ok=False, detail=fault) for fault in error.faults], None
    try:
        require_servable(settings)
    except SettingsError as error:
        return [Finding(check="settings", ok=False, detail=str(error))], settings
    idle = f"; without effect yet: {', '.join(settings.idle)}" if settings.idle else ""
    return [Finding(check="settings", ok=True, detail=f"{settings.environment}{idle}")], settings


async def _outside(settings: Settings, *, offline: bool) -> list[Finding]:
    if offline:
        return await _database(settings)
    found, asked = await asyncio.gather(_database(settings), ask_tenant(settings))
    return found + [
        Finding(check="tenant", ok=not each.reason, detail=told(each, cause=settings.development))
        for each in asked
    ]


async def _database(settings: Settings) -> list[Finding]:
    url = settings.database_url
    chosen = chosen_database(settings)
    reached = Finding(check="database", ok=True, detail=str(url))
    try:
        with naming(url):
            reached = Finding(
                check="database", ok=True, detail=f"{url}{await _excess(settings, chosen)}"
            )
            status = await chosen.status()
            if not status.pending:
                async with chosen.open_store() as store:
                    await require_readable(store)
    except SchemaError as error:
        return [reached, Finding(check="schema", ok=False, detail=f"{error} {error.remedy}")]
    except CortexError as error:
        detail = " ".join([str(error), *explained(error, cause=settings.development)])
        return [Finding(check="database", ok=False, detail=detail)]
    return [reached, _schema(status, by_itself=settings.development and chosen.upgrades_itself)]


async def _excess(settings: Settings, chosen: Database) -> str:
    if settings.development or chosen.excess is None:
        return ""
    role, excess = await chosen.excess()
    if not excess:
        return ""
    return f"; the role {role} {', '.join(excess)}, and a server needs none of it: cortex db grants"


def _schema(status: SchemaStatus, *, by_itself: bool) -> Finding:
    where = f"step {status.current} of {status.latest}"
    if not status.pending:
        return Finding(check="schema", ok=True, detail=where)
    help_ = "the next start brings it up to date" if by_itself else SchemaError.remedy
    return Finding(check="schema", ok=by_itself, detail=f"{where}; {help_}")
