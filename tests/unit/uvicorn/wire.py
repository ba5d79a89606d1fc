"""A server process under test, and HTTP/1.1 spoken by hand to it."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

_ROOT = Path(__file__).parents[3]
TARGET = [sys.executable, "-m", "tests.unit.uvicorn.target"]
BARE = b"GET /bare HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


class Answer(NamedTuple):
    """An answer whose head is complete."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"] == "application/problem+json"
        return msgspec.json.decode(self.body, type=dict[str, object])


class Wire:
    """One connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, seconds: float = 5) -> Answer:
        async with asyncio.timeout(seconds):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, body)

    async def rest(self, seconds: float = 5) -> bytes:
        """Everything until the server closes; a reset is a close too."""
        read = b""
        async with asyncio.timeout(seconds):
            with suppress(ConnectionError):
                while more := await self.reader.read(65536):
                    read += more
        return read


class Target(NamedTuple):
    """The process and its port."""

    process: subprocess.Popen[str]
    port: int

    @asynccontextmanager
    async def wire(self, limit: int = 2**16) -> AsyncIterator[Wire]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=limit)
        try:
            yield Wire(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def ask(self, request: bytes) -> Answer:
        async with self.wire() as wire:
            wire.send(request)
            return await wire.answer()

    async def hears(self, word: str, seconds: float = 5) -> bool:
        """Say whether the process prints *word* in time."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while line := await asyncio.to_thread(self.process.stdout.readline):
                if line.strip() == word:
                    return True
        return False

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def exit(self, seconds: float = 10) -> tuple[int, list[str], str]:
        """The exit code, and what was printed."""
        said, complained = await asyncio.to_thread(self.process.communicate, timeout=seconds)
        return self.process.returncode, said.splitlines(), complained


@contextmanager
def process(command: list[str], plan: dict[str, object]) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [*command, json.dumps(plan)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()


@contextmanager
def target(**plan: object) -> Iterator[Target]:
    """Run the small application, and yield when it listens."""
    with process(TARGET, plan) as started:
        assert started.stdout is not None
        for line in started.stdout:
            if line.startswith("port "):
                yield Target(started, int(line.split()[1]))
                return
        assert started.stderr is not None
        raise AssertionError(started.stderr.read())
