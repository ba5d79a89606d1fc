"""The real server as a process: started, waited for, killed, and started again."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

START_SECONDS = 30
EXIT_SECONDS = 15


class ServerProcess:
    """`cortex serve` on a free port of loopback; keeps its port and database over restarts.

    *database_url* is that of the database's owner; the server itself uses *as_server*, if given.
    """

    def __init__(
        self, database_url: str, folder: Path, *, as_server: str | None = None, **settings: str
    ) -> None:
        self.database_url = database_url
        self._as_server = as_server
        self.port = free_port()
        self.log = folder / f"server-{self.port}.log"
        self._folder = folder
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def sqlite_path(self) -> str | None:
        kind, _, path = self.database_url.partition(":///")
        return path if kind == "sqlite" else None

    def set(self, **settings: str) -> None:
        """Add settings for the next start."""
        self._settings.update(settings)

    async def start(self, *, until: str = "ready", output: int | None = None) -> "ServerProcess":
        """Start, and return once it is *ready*, or no more than *live*.

        It writes to its log, or to the descriptor *output*.
        """
        with self.log.open("ab") as log:
            to = log if output is None else output
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cortex_adapters.cli.main", "serve"),
                env=self.environment()
                | {"CORTEX_DATABASE_URL": self._as_server or self.database_url},
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=to,
                stderr=to,
            )
        async with asyncio.timeout(START_SECONDS):
            while not await self._is(until):
                assert self._process.returncode is None, f"it did not start:\n{self.said()}"
                await asyncio.sleep(0.05)
        return self

    def environment(self) -> dict[str, str]:
        """Return what its owner runs commands with; no CORTEX_* of the tests' own, no OTEL_*."""
        kept = {name: value for name, value in os.environ.items() if not _ours(name)}
        return {
            **kept,
            "CORTEX_DATABASE_URL": self.database_url,
            "CORTEX_PORT": str(self.port),
            "CORTEX_LOG_FORMAT": "json",
            **self._settings,
        }

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return what the log, in JSON, says of *event* so far."""
        found = [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    def said(self) -> str:
        """Return all that it wrote so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def signal_term(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    async def terminate(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.signal_term()
        return await self._exit()

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        assert self._process is not None
        self._process.kill()
        await self._exit()

    async def stop(self) -> None:
        """End it, whatever state it is in."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    async def _exit(self) -> int:
        assert self._process is not None
        async with asyncio.timeout(EXIT_SECONDS):
            return await self._process.wait()

    async def _is(self, state: str) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        asked = f"GET /health/{state} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        writer.write(asked.encode())
        try:
            return b" 200 " in await reader.readline()
        except OSError:
            return False
        finally:
            writer.close()


def _ours(name: str) -> bool:
    return name.startswith(("CORTEX_", "OTEL_")) and name != "CORTEX_CI_RUN"


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
