"""A small HTTP/1.1 client on bare sockets, so that tests see how an answer really ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any


class GoneError(Exception):
    """The connection was refused, or ended before the answer was whole."""


@dataclass(frozen=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    id: str | None
    type: str
    data: dict[str, Any]

    @property
    def seq(self) -> int:
        return int(self.data["seq"])


@dataclass
class Api:
    """Asks one server as one user; each request has its own connection."""

    port: int
    token: str = ""
    host: str = field(default="127.0.0.1")

    async def sign_in(self, email: str = "ada@example.com") -> "Api":
        answer = await self.post("/auth/dev/token", {"email": email})
        return Api(self.port, answer.json()["access_token"])

    def at(self, port: int) -> "Api":
        """The same user at another server."""
        return Api(port, self.token)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, None, headers)

    async def post(self, path: str, body: object, **headers: str) -> Answer:
        return await self.ask("POST", path, body, headers)

    async def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        return await self.send(method, path, content, headers)

    async def send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask with *content* as the body, whatever it is."""
        reader, writer = await self._send(method, path, content, headers or {})
        try:
            status, received = await _head(reader)
            size = int(received.get("content-length", "0"))
            return Answer(status, received, await reader.readexactly(size))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise GoneError from error
        finally:
            writer.close()

    async def follow(self, path: str, last_event_id: str | None = None) -> "Stream":
        headers = {"Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        reader, writer = await self._send("GET", path, None, headers)
        try:
            status, received = await _head(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            writer.close()
            raise GoneError from error
        if status != 200:
            size = int(received.get("content-length", "0"))
            problem = await reader.readexactly(size)
            writer.close()
            raise GoneError(problem.decode())
        return Stream(reader, writer)

    async def workspace(self, name: str = "Lab") -> str:
        answer = await self.post("/v1/workspaces", {"name": name})
        assert answer.status == 201, answer.body
        return str(answer.json()["id"])

    async def conversation(self, workspace: str | None = None, topic: str = "Talk") -> str:
        """Start a conversation and return its path."""
        workspace = workspace or await self.workspace()
        answer = await self.post(f"/v1/workspaces/{workspace}/conversations", {"topic": topic})
        assert answer.status == 201, answer.body
        return f"/v1/conversations/{answer.json()['id']}"

    async def pages(self, path: str) -> list[dict[str, Any]]:
        """Return every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = await self.get(f"{path}?limit=200{cursor}", Accept="application/json")
            assert answer.status == 200, answer.body
            page = answer.json()
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    async def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if content is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (content or b""))
            await writer.drain()
        except OSError as error:
            raise GoneError from error
        return reader, writer


class Cookied(Api):
    """Asks with a cookie instead of a token."""

    def __init__(self, port: int, cookie: str) -> None:
        super().__init__(port)
        self.cookie = cookie

    async def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await super()._send(method, path, content, headers | {"Cookie": self.cookie})


class Stream:
    """An open event stream. `whole` says whether it ended with its last chunk."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._text = b""
        self.whole = False
        self.heartbeats = 0
        self._events = self._read()

    def close(self) -> None:
        self._writer.close()

    def events(self) -> AsyncIterator[Event]:
        """Return the events until the stream ends, properly or not; always the same iterator."""
        return self._events

    async def _read(self) -> AsyncIterator[Event]:
        try:
            while chunk := await self._chunk():
                self._text += chunk
                while b"\n\n" in self._text:
                    block, self._text = self._text.split(b"\n\n", 1)
                    if event := self._event(block.decode()):
                        yield event
            self.whole = True
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            self.close()

    async def until(self, type_: str) -> list[Event]:
        """Return the events up to the first of *type_*; the stream stays open."""
        found: list[Event] = []
        async for event in self.events():
            found.append(event)
            if event.type == type_:
                return found
        raise AssertionError(f"the stream ended before {type_}: {found}")

    async def _chunk(self) -> bytes:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        content = await self._reader.readexactly(size + 2)
        return content[:-2]

    def _event(self, block: str) -> Event | None:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        if "" in fields:
            self.heartbeats += 1
        if "event" not in fields:
            return None
        return Event(fields.get("id"), fields["event"], json.loads(fields["data"]))


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    return int(head[0].split(" ")[1]), {name.lower(): value for name, value in headers.items()}
