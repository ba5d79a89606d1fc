"""Sessions behind a pooler in transaction mode, which are not ours to set up.

What a connection asks for as it begins does not reach them, and what it sets would meet others. So
the role brings our settings along, and a server that finds it otherwise does not start.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from psycopg import sql

from cortex_adapters.postgres.connection import SESSION, Row, connect, pooled
from cortex_adapters.postgres.errors import translated
from cortex_core.domain.errors import SettingsError, UnavailableError

__all__ = ["require_sessions"]

_LIMITS: Final = frozenset(name for name in SESSION if name.endswith("_timeout"))
_FOUND: Final = "SELECT name, setting FROM pg_settings WHERE lower(name) = ANY($1)"
_NAMES: Final = "SELECT current_user, current_database()"
_MEANING: Final = (
    "sessions behind a pooler have the settings of their role; run these, as that role itself or a "
    "superuser, and then RECONNECT in the pooler:"
)
_VARIABLE: Final = "CORTEX_DATABASE_POOLER_URL"


async def require_sessions(conninfo: str) -> None:
    """Return if sessions behind the pooler at *conninfo* are as each of ours must be.

    Raises:
        SettingsError: They are not; it says the statements that help.
        UnavailableError: The pooler cannot be reached.
    """
    try:
        with translated():
            connection = await connect(pooled(conninfo), prepares=False)
            async with connection:
                cursor = await connection.execute(_FOUND, ([*SESSION],))
                found = {name.lower(): setting for name, setting in await cursor.fetchall()}
                [who] = await (await connection.execute(_NAMES)).fetchall()
                wrong = [_statement(who, name).as_string(connection) for name in _differing(found)]
    except UnavailableError as error:
        raise UnavailableError(f"The pooler ({_VARIABLE}) cannot be reached.") from error
    if wrong:
        raise SettingsError([f"{_VARIABLE}: {_MEANING}", *wrong])


def _differing(found: dict[str, str]) -> Iterator[str]:
    """Yield the names of settings that are not ours; any limit will do that is one."""
    for name, value in SESSION.items():
        there = found.get(name, "")
        if name in _LIMITS:
            if there in {"", "0"}:
                yield name
        elif not there.lower().startswith(value.lower()):  # DateStyle is "ISO, MDY"
            yield name


def _statement(who: Row, name: str) -> sql.Composed:
    user, database = who
    return sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {};").format(
        sql.Identifier(user),
        sql.Identifier(database),
        sql.Identifier(name),
        sql.Literal(SESSION[name]),
    )
