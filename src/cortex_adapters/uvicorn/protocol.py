"""uvicorn's HTTP/1.1 connection with deadlines, limits and problems where it has none."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Final, cast

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cortex_adapters.uvicorn.fallback import fresh
from cortex_adapters.uvicorn.host import require_host
from cortex_adapters.uvicorn.limits import Limits
from cortex_adapters.uvicorn.problem import problem
from cortex_adapters.uvicorn.state import ServingState
from cortex_core.domain.errors import (
    CortexError,
    MalformedError,
    OutcomeUnknownError,
    TooLargeError,
    TooSlowError,
)

__all__ = ["GuardedProtocol"]

_LINGER_SECONDS: Final = 2.0
_LAST_CHUNK: Final = b"0\r\n\r\n"
_LEFT: Final = "The server left before the answer was ready: a change may or may not be there."


class _Reading(Enum):
    """What the connection's next bytes belong to."""

    NOTHING = 0
    HEAD = 1
    BODY = 2
    REFUSED = 3


class GuardedProtocol(HttpToolsProtocol):
    """One connection, held to `Limits`; every refusal is an `application/problem+json`."""

    def __init__(
        self,
        config: Config,
        server_state: ServingState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._state = server_state
        self._limits = server_state.limits
        self._reading = _Reading.NOTHING
        self._held = 0  # bytes that the parser may be keeping
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None
        self._fault: tuple[int, CortexError] | None = None

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        excess = len(self.connections) - self._limits.connections
        if excess > self._limits.connections // 10:
            self.transport.abort()
        elif excess > 0:
            self.app = self._state.overloaded
        self._arm(self._limits.head_seconds)

    def data_received(self, data: bytes) -> None:
        if self._reading is _Reading.REFUSED:
            return
        if self._reading is _Reading.NOTHING and not self._in_answer():
            self._reading = _Reading.HEAD  # line breaks before a request count as its first bytes
        self._held += len(data)
        super().data_received(data)
        if self._reading is _Reading.REFUSED:
            return  # by the parser, just now
        if self._reading is _Reading.NOTHING:
            self._held = 0
        elif self._held > self._limits.head_bytes:
            self._refuse(431, TooLargeError(_too_large(self._limits)))
        elif self._deadline is None:
            head = self._reading is _Reading.HEAD
            self._arm(self._limits.head_seconds if head else self._limits.body_seconds)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self._limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.resume_writing()
        self._disarm()
        # uvicorn tells the newest request only: with one queued behind it a stream would never hear
        self._disconnect()

    # The parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._reading is not _Reading.HEAD:
            self._reading = _Reading.HEAD
            self._held = 0
            self._disarm()

    def on_headers_complete(self) -> None:
        if self._held > self._limits.head_bytes and self._head_bytes() > self._limits.head_bytes:
            self._fault = (431, TooLargeError(_too_large(self._limits)))
            raise self._fault[1]
        # the parser is None only when the connection is gone, and it speaks no more
        version = self.parser.get_http_version()  # pyright: ignore[reportOptionalMemberAccess]
        self._require_host(version)
        super().on_headers_complete()
        self.headers = []  # uvicorn adds trailers to the head of a request under way: let them go
        self._held = 0
        self._reading = _Reading.BODY
        self._disarm()
        if self._state.leaving:
            self.cycle.keep_alive = False
        if len(self.pipeline) > self._limits.pipelined:
            raise MalformedError

    def on_body(self, body: bytes) -> None:
        self._held = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._reading = _Reading.NOTHING
        self._disarm()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._reading is _Reading.HEAD and self._deadline is None:
            self._arm(self._limits.head_seconds)  # half a head came during the answer

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: RFC 9110 section 7.8 lets a server ignore Upgrade."""

    # Refusing

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        status, error = self._fault or (400, MalformedError("The request is not valid HTTP/1.1."))
        self._refuse(status, error)

    def _refuse(self, status: int, error: CortexError) -> None:
        """Answer for the request being read, unless that or another has its answer; then close."""
        at_fault = self.cycle if self._reading is _Reading.BODY else None
        another = self._in_answer() and at_fault is not self._answering
        if another or (at_fault is not None and at_fault.response_started):
            self.transport.close()
        else:
            self._disconnect()
            self._write(status, error, at_fault)
            # closing with bytes unread sends a reset, which takes the answer back from the client
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self._disarm()
            self._deadline = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
        self._reading = _Reading.REFUSED

    def _write(self, status: int, error: CortexError, cycle: RequestResponseCycle | None) -> None:
        word = fresh(None) if cycle is None else self._state.word_of(cycle.scope)
        self._state.refused(status, error.code, word)
        answer = problem(status, error, correlation_id=word, docs_url=self._state.docs_url)
        self.transport.write(answer.wire(self.server_state.default_headers))

    def _too_slow(self) -> None:
        self._deadline = None
        if self.flow.read_paused:
            # the client waits for us: its time begins anew
            self._arm(self._limits.body_seconds)
        elif self._reading is _Reading.BODY:
            error = TooSlowError(f"The body took longer than {self._limits.body_seconds:g} s.")
            self._refuse(408, error)
        elif self._reading is _Reading.NOTHING:
            self.transport.close()  # it never said a word
        elif not self._in_answer():
            error = TooSlowError(f"The head took longer than {self._limits.head_seconds:g} s.")
            self._refuse(408, error)

    # Leaving

    def abandon(self) -> None:
        """Close now: with a problem if no answer has begun, a last chunk where that is no lie."""
        cycle = self._answering
        if cycle is not None and self._in_answer():
            if not cycle.response_started:
                self._write(503, OutcomeUnknownError(_LEFT), cycle)
            elif cycle.chunked_encoding and _is_event_stream(cycle):
                self.transport.write(_LAST_CHUNK)
            self._disconnect()
        self.transport.close()

    # Small words

    def _require_host(self, version: str) -> None:
        try:
            require_host(self.headers, version=version)
        except MalformedError as error:
            self._fault = (400, error)
            raise

    def _in_answer(self) -> bool:
        return self._answering is not None and not self._answering.response_complete

    def _disconnect(self) -> None:
        """Tell the application that nobody listens any more."""
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _arm(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _too_large(limits: Limits) -> str:
    return f"The head of a request may have {limits.head_bytes} bytes."


def _is_event_stream(cycle: RequestResponseCycle) -> bool:
    """Say whether the client asked for events: anything else that ends early must look cut."""
    return any(
        name == b"accept" and b"text/event-stream" in value
        for name, value in cycle.scope["headers"]
    )
