"""A real pgbouncer in transaction mode: the one that `.ci/pgbouncer` brought, or one installed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from cortex_adapters.postgres.connection import SESSION
from tests.missing import missing

SESSIONS = 5
"""How many sessions all clients of one database share."""

_TOOLS = Path(__file__).parents[1] / ".tools"
_CONFIG = """
[databases]
* = host={host} port={port} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 500
server_login_retry = 0.2
logfile = {folder}/log
"""


class PgBouncer:
    """Stands before the PostgreSQL at *server*, and has a few sessions for many clients."""

    def __init__(self, server: str, folder: Path) -> None:
        place = conninfo_to_dict(server)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._sockets = Path(str(place["host"]))
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        config = _CONFIG.format(
            host=place["host"],
            port=place.get("port", 5432),
            listen=self._port,
            sessions=SESSIONS,
            folder=folder,
        )
        (folder / "pgbouncer.ini").write_text(config)
        folder.chmod(0o777)  # it may run as somebody else than we

    def url(self, database: str) -> str:
        """Return where the database at *database* is found behind this."""
        name = conninfo_to_dict(database)["dbname"]
        return f"postgresql://postgres:@127.0.0.1:{self._port}/{name}"

    def start(self) -> None:
        libraries = ":".join(map(str, (_TOOLS / "usr" / "lib").glob("*-linux-gnu")))
        self._process = subprocess.Popen(
            [_binary(), str(self._folder / "pgbouncer.ini")],
            env={**os.environ, "LD_LIBRARY_PATH": libraries},
            # It refuses to run as root; whoever runs PostgreSQL may enter the folder of its socket.
            user=self._sockets.stat().st_uid if os.geteuid() == 0 else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 5
        while not self._listens():
            assert self._process.poll() is None, "pgbouncer did not start"
            assert time.monotonic() < deadline, "pgbouncer does not listen"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def running_pgbouncer(server: str) -> Iterator[PgBouncer]:
    """Run one before *server*; without the program CI fails, and who works on a laptop is told."""
    if not _binary():
        missing("pgbouncer is missing: run `make pgbouncer`, or install it.")
    folder = Path(tempfile.mkdtemp(prefix="cortex-pgbouncer-"))
    pgbouncer = PgBouncer(server, folder)
    try:
        pgbouncer.start()
        yield pgbouncer
    finally:
        pgbouncer.stop()
        shutil.rmtree(folder)


def set_up_role(database: str) -> None:
    """Give the sessions of `postgres` in *database* what a server needs of them."""
    statement = sql.SQL("ALTER ROLE postgres IN DATABASE {} SET {} = {}")
    with psycopg.connect(database, autocommit=True) as connection:
        inside = sql.Identifier(connection.info.dbname)
        for name, value in SESSION.items():
            connection.execute(statement.format(inside, sql.Identifier(name), sql.Literal(value)))


def _binary() -> str:
    brought = _TOOLS / "usr" / "sbin" / "pgbouncer"
    if brought.exists():
        return str(brought)
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    return shutil.which("pgbouncer", path=path) or ""
