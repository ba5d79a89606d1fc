"""Backups, put together: of the database that is set up, or in one that is made to prove them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cortex_adapters.backup.ends import BackupEnd
from cortex_adapters.backup.manifest import Kind
from cortex_adapters.server.databases import database
from cortex_adapters.server.identity import longest_life
from cortex_adapters.settings import DatabaseUrl, PostgresUrl, Settings, SqliteUrl
from cortex_core.domain.errors import SettingsError


def backup_end(url: DatabaseUrl, tools: Path | None, *, holds: Kind | None = None) -> BackupEnd:
    """Return what has backups at *url*, or takes one that *holds* what was in such a database.

    Raises:
        SettingsError: There are none of databases of this kind, or none of the other.
    """
    choose = database(url).backup
    if choose is None:
        raise SettingsError([f"CORTEX_DATABASE_URL: {url} keeps nothing, so it has no backups."])
    end = choose(tools)
    if holds not in {None, end.kind}:
        raise SettingsError(
            [f"CORTEX_DATABASE_URL: the backup is one of {holds}, and {url} is another database."]
        )
    return end


def proving_end(settings: Settings, kind: Kind, tools: Path | None) -> BackupEnd:
    """Return what can make an empty database of that kind beside it.

    Raises:
        SettingsError: A PostgreSQL is needed, and none is set up.
    """
    if kind == "sqlite":
        return backup_end(SqliteUrl(path="cortex.db"), tools)
    if not isinstance(settings.database_url, PostgresUrl):
        raise SettingsError(
            ["CORTEX_DATABASE_URL: the backup needs a PostgreSQL to be restored into aside."]
        )
    return backup_end(settings.database_url, tools)


def void_for(settings: Settings) -> timedelta:
    """Return how long a token that was issued a moment ago can be alive."""
    return longest_life(settings)
