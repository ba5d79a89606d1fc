"""A database that breaks under a running server, so that what nobody planned for happens to it."""

import sqlite3
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.e2e.server import ServerProcess


async def take_away(server: ServerProcess, table: str) -> None:
    """Rename *table*, so that statements on it fail."""
    if server.sqlite_path:
        file = sqlite3.connect(server.sqlite_path)
        file.execute(f"ALTER TABLE {table} RENAME TO {table}_elsewhere")
        file.close()
        return
    await _execute(
        server.database_url,
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(
            sql.Identifier(table), sql.Identifier(f"{table}_elsewhere")
        ),
    )


async def refuse_messages(server: ServerProcess) -> None:
    """Have PostgreSQL refuse each new message, and show it in its error; SQLite shows none."""
    if not server.sqlite_path:
        await _execute(
            server.database_url,
            "ALTER TABLE messages ADD CONSTRAINT never CHECK (content = '') NOT VALID",
        )


async def take_database_away(server: ServerProcess) -> None:
    """Have the database take no more connections, and end those that it has."""
    if server.sqlite_path:
        _move(server.sqlite_path, f"{server.sqlite_path}.elsewhere")
        return
    name = server.database_url.partition("?")[0].rpartition("/")[2]
    elsewhere = server.database_url.replace(f"/{name}?", "/postgres?")
    closed = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name))
    ended = sql.SQL(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
    ).format(sql.Literal(name))
    await _execute(elsewhere, closed, ended)


async def give_database_back(server: ServerProcess) -> None:
    """Put the file back where it was."""
    assert server.sqlite_path is not None
    _move(f"{server.sqlite_path}.elsewhere", server.sqlite_path)


def _move(path: str, to: str) -> None:
    Path(path).rename(to)


async def _execute(url: str, *statements: LiteralString | sql.Composed) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for statement in statements:
            await connection.execute(statement)
