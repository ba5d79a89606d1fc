"""A server under measurement as a process: start it, wait for it, weigh it, see that it is gone."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

__all__ = ["Server", "cpu_seconds", "resident_kib", "running"]

_ROOT = Path(__file__).resolve().parent.parent


class Server(msgspec.Struct, frozen=True):
    """A server to compare: the module it needs, and `python -m` arguments with `{port}` in them.

    It runs with our environment and *environment*, and writes to the file *output* if that is set.
    """

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = {}
    output: str | None = None

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-m", *(part.format(port=port) for part in self.arguments)]


@contextmanager
def running(server: Server) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start *server* on a free port of loopback; kill what is left of it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    output = None if server.output is None else os.open(server.output, os.O_WRONLY | os.O_CREAT)
    process = subprocess.Popen(
        server.command(port),
        cwd=_ROOT,
        env={**os.environ, **server.environment},
        stdout=output,
        stderr=output,
    )
    if output is not None:
        os.close(output)
    try:
        _wait(server.name, port)
        yield process, port
    finally:
        if process.poll() is None:
            for pid in (process.pid, *_children(process.pid)):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _wait(name: str, port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{name} did not start")


def _children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in children.read_text().split()] if children.exists() else []


def resident_kib(pid: int) -> int:
    """Return the resident memory of *pid* and its children."""
    family = (pid, *_children(pid))
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in family)
    return pages * resource.getpagesize() // 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time that *pid* and its children have used."""
    ticks = 0
    for one in (pid, *_children(pid)):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
