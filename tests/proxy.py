"""A network between a client and its PostgreSQL that fails as networks do."""

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from psycopg.conninfo import conninfo_to_dict

Way = Literal["out", "back"]
"""To the server, and from it."""
Moment = Literal["before", "after"]
"""Before the server has a statement, or after it has answered one."""

_NEGOTIATION = {80877103, 80877104}  # SSLRequest, GSSENCRequest
_NO_WAIT = struct.pack("ii", 1, 0)


@dataclass
class Strike:
    """Cuts, once, the connection that sends a statement that *pattern* is found in."""

    pattern: str
    moment: Moment
    done: asyncio.Event = field(default_factory=asyncio.Event)


class FaultProxy:
    """Passes on what it is sent, until told otherwise; new connections, too, do as it was told."""

    def __init__(self, server: str) -> None:
        """Stand before the PostgreSQL at *server*, on a socket or on TCP."""
        self._server = conninfo_to_dict(server)
        self._listener: asyncio.Server | None = None
        self._port = 0
        self._lines: set[_Line] = set()
        self._strikes: list[Strike] = []
        self._budget: int | None = None
        self._flows: dict[Way, asyncio.Event] = {"out": asyncio.Event(), "back": asyncio.Event()}
        self.delay = 0.0
        self.go_on()

    @property
    def url(self) -> str:
        """Where a client finds the same database through this."""
        user, name = self._server.get("user", ""), self._server.get("dbname", "")
        return f"postgresql://{user}:@127.0.0.1:{self._port}/{name}"

    @property
    def lines(self) -> int:
        """How many connections are open."""
        return len(self._lines)

    def lead_to(self, server: str) -> None:
        """Bring new connections to the PostgreSQL at *server*; those there are stay as they are."""
        self._server = conninfo_to_dict(server)

    async def accept(self) -> None:
        """Take connections, on the same port as before."""
        # A client may be among its own old connections when it comes back.
        self._listener = await asyncio.start_server(
            self._connect, "127.0.0.1", self._port, reuse_address=True
        )
        self._port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Take no more connections: whoever comes is told so at once."""
        if self._listener is not None:
            self._listener.close()

    def cut(self) -> None:
        """Break every connection at once, with a reset."""
        for line in [*self._lines]:
            line.reset()

    def cut_after(self, count: int) -> None:
        """Break every connection once *count* more bytes came back from the server."""
        self._budget = count

    def stall(self, *ways: Way) -> None:
        """Hold everything back, both ways unless *ways* are named; nobody is told."""
        for way in ways or self._flows:
            self._flows[way].clear()

    def go_on(self) -> None:
        """Let everything through, that which was held back first."""
        for flow in self._flows.values():
            flow.set()

    def strike(self, pattern: str, moment: Moment) -> Strike:
        """Cut the next connection that sends a statement that *pattern* is found in."""
        strike = Strike(pattern, moment)
        self._strikes.append(strike)
        return strike

    def struck_by(self, sql: str) -> Strike | None:
        """Return what is due at that statement, which then is not due any more."""
        for strike in self._strikes:
            if re.search(strike.pattern, sql):
                self._strikes.remove(strike)
                return strike
        return None

    async def through(self, way: Way) -> None:
        """Wait until what goes that way may go."""
        if self.delay:
            await asyncio.sleep(self.delay)
        await self._flows[way].wait()

    def spent(self, count: int) -> int:
        """Return how many of *count* bytes may still come back."""
        if self._budget is None:
            return count
        passing = min(count, self._budget)
        self._budget -= passing
        return passing

    def exhausted(self) -> bool:
        """Say whether no more may come back, and forget it."""
        if self._budget != 0:
            return False
        self._budget = None
        return True

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._server.get("host", "127.0.0.1"), self._server.get("port", 5432)
        try:
            if str(host).startswith("/"):
                far = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            else:
                far = await asyncio.open_connection(str(host), int(port or 5432))
        except OSError:
            _reset(writer)
            return
        line = _Line(self, (reader, writer), far)
        self._lines.add(line)
        try:
            await line.carry()
        finally:
            self._lines.discard(line)


class _Line:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(
        self,
        proxy: FaultProxy,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._near_in, self._near_out = near
        self._far_in, self._far_out = far
        self._prepared: dict[bytes, str] = {}
        self._strike: Strike | None = None  # met, and waiting for the answer
        self._swallowing = False

    async def carry(self) -> None:
        ways = [asyncio.create_task(self._out()), asyncio.create_task(self._back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._near_out.close()
            self._far_out.close()

    def reset(self) -> None:
        _reset(self._near_out)
        _reset(self._far_out)

    async def _out(self) -> None:
        """Pass on messages of the client one by one (PostgreSQL's protocol 3.0)."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            negotiating = True
            while negotiating:
                size = await self._near_in.readexactly(4)
                body = await self._near_in.readexactly(int.from_bytes(size) - 4)
                negotiating = int.from_bytes(body[:4]) in _NEGOTIATION
                await self._pass_on(size + body)
            while True:
                head = await self._near_in.readexactly(5)
                body = await self._near_in.readexactly(int.from_bytes(head[1:]) - 4)
                kind = head[:1]
                if self._strike is None and (sql := self._statement(kind, body)) is not None:
                    self._strike = self._proxy.struck_by(sql)
                    if self._strike is not None and self._strike.moment == "before":
                        self._struck(self._strike)
                        return
                if self._strike is not None and kind in {b"Q", b"S"}:
                    self._swallowing = True
                await self._pass_on(head + body)

    async def _pass_on(self, message: bytes) -> None:
        await self._proxy.through("out")
        self._far_out.write(message)
        await self._far_out.drain()

    async def _back(self) -> None:
        with contextlib.suppress(OSError):
            while data := await self._far_in.read(1 << 16):
                if self._swallowing and self._strike is not None:
                    self._struck(self._strike)
                    return
                await self._proxy.through("back")
                self._near_out.write(data[: self._proxy.spent(len(data))])
                await self._near_out.drain()
                if self._proxy.exhausted():
                    self.reset()
                    return

    def _statement(self, kind: bytes, body: bytes) -> str | None:
        """Return the statement that a message has done: simple, or prepared before."""
        match kind:
            case b"Q":
                return body.rstrip(b"\0").decode()
            case b"P":
                name, sql, _ = body.split(b"\0", 2)
                self._prepared[name] = sql.decode()
            case b"B":
                return self._prepared[body.split(b"\0", 2)[1]]
        return None

    def _struck(self, strike: Strike) -> None:
        self.reset()
        strike.done.set()


def _reset(writer: asyncio.StreamWriter) -> None:
    if not writer.is_closing():
        line: socket.socket = writer.get_extra_info("socket")
        if line.family != socket.AF_UNIX:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_WAIT)
        writer.transport.abort()


@asynccontextmanager
async def fault_proxy(server: str) -> AsyncIterator[FaultProxy]:
    """Stand before the PostgreSQL at *server* while inside."""
    proxy = FaultProxy(server)
    await proxy.accept()
    try:
        yield proxy
    finally:
        proxy.refuse()
        proxy.cut()
