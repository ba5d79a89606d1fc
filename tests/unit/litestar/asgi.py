"""A client that asks an ASGI application directly, and sees that it keeps the protocol.

Litestar's own test client joins headers of one name, reads streams to their end before it
shows any of them, and never hangs up; this one does as a server does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

Headers = Sequence[tuple[str, str]]
PATIENCE = 20.0


@dataclass(frozen=True)
class Answer:
    """A whole answer, or the beginning of one that is a stream."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str | None:
        """Return the one header of that name, None if there is none."""
        found = self.all(name)
        assert len(found) <= 1, found
        return found[0] if found else None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Exchange:
    """One request under way."""

    chunks: list[bytes]
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Answer | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    body: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    taken: int = 0

    async def receive(self) -> dict[str, object]:
        if self.taken < len(self.chunks):
            chunk = self.chunks[self.taken]
            self.taken += 1
            more = self.taken < len(self.chunks) or self.gone.is_set()
            return {"type": "http.request", "body": chunk, "more_body": more}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert self.answer is None, "The answer began twice."
            self.answer = Answer(message["status"], [_header(*pair) for pair in message["headers"]])
            self.started.set()
            return
        assert message["type"] == "http.response.body"
        assert self.answer is not None, "The body came before its headers."
        if message.get("body"):
            await self.body.put(message["body"])
        if not message.get("more_body"):
            await self.body.put(None)
            self.gone.set()


def _header(name: bytes, value: bytes) -> tuple[str, str]:
    assert name == name.lower()
    assert not set(value) & set(b"\r\n\x00"), value
    return name.decode("ascii"), value.decode("latin-1")


@dataclass(frozen=True)
class Client:
    """Asks an application as one caller; *token* may be empty."""

    app: Any
    token: str = ""

    def who(self, token: str) -> Client:
        return replace(self, token=token)

    async def get(self, target: str, *headers: tuple[str, str]) -> Answer:
        return await self.ask("GET", target, headers)

    async def post(self, target: str, value: object, *headers: tuple[str, str]) -> Answer:
        return await self.ask("POST", target, (*headers, *JSON), encoded(value))

    async def patch(self, target: str, value: object, *headers: tuple[str, str]) -> Answer:
        return await self.ask("PATCH", target, (*headers, *JSON), encoded(value))

    async def put(self, target: str, value: object, *headers: tuple[str, str]) -> Answer:
        return await self.ask("PUT", target, (*headers, *JSON), encoded(value))

    async def delete(self, target: str, *headers: tuple[str, str]) -> Answer:
        return await self.ask("DELETE", target, headers)

    async def ask(
        self, method: str, target: str, headers: Headers = (), body: bytes | Sequence[bytes] = b""
    ) -> Answer:
        """Return the whole answer."""
        chunks = [body] if isinstance(body, bytes) else [*body]
        return await self.finish(Exchange(chunks), method, target, headers)

    async def finish(
        self, exchange: Exchange, method: str, target: str, headers: Headers = ()
    ) -> Answer:
        """Run *exchange* to its end and return the whole answer."""
        async with asyncio.timeout(PATIENCE):
            await self._run(exchange, method, target, headers)
        assert exchange.answer is not None, "There was no answer."
        body = b""
        while (chunk := exchange.body.get_nowait()) is not None:
            body += chunk
        answer = replace(exchange.answer, body=body)
        length = answer.header("content-length")
        assert length is None or method == "HEAD" or int(length) == len(body)
        return answer

    @asynccontextmanager
    async def stream(self, target: str, *headers: tuple[str, str]) -> AsyncIterator[Stream]:
        """Ask for a stream, and hang up at the end."""
        exchange = Exchange([b""])
        running = asyncio.create_task(self._run(exchange, "GET", target, headers))
        try:
            async with asyncio.timeout(PATIENCE):
                await exchange.started.wait()
            assert exchange.answer is not None
            yield Stream(exchange.answer, exchange)
        finally:
            exchange.gone.set()
            async with asyncio.timeout(PATIENCE):
                await running

    async def _run(self, exchange: Exchange, method: str, target: str, headers: Headers) -> None:
        path, _, query = target.partition("?")
        sent = [("host", "cortex.example"), *headers]
        if self.token and "authorization" not in dict(headers):
            sent.append(("authorization", f"Bearer {self.token}"))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8_000),
            "state": {},
        }
        await self.app(scope, exchange.receive, exchange.send)


@dataclass(frozen=True)
class Stream:
    """The answer to a request that goes on."""

    answer: Answer
    exchange: Exchange

    async def block(self) -> bytes | None:
        """Return the next piece of the body, None at its end."""
        async with asyncio.timeout(PATIENCE):
            return await self.exchange.body.get()

    async def rest(self) -> bytes:
        """Return what is left until the end of the body."""
        body = b""
        while (block := await self.block()) is not None:
            body += block
        return body


JSON = (("content-type", "application/json"),)


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()
