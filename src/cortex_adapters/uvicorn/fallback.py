"""The applications that answer when the real one cannot: too many connections, or it broke."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

from cortex_adapters.uvicorn.problem import problem
from cortex_core.domain.errors import CortexError, InternalError, OverloadedError

__all__ = ["Application", "Cause", "Refused", "WordOf", "fresh", "guarded", "overloaded"]

Application = Callable[..., Awaitable[None]]
"""An ASGI application, whoever's types it is written in."""

_log = logging.getLogger("cortex.server")


Refused = Callable[[int, str, str], None]
"""Is told status, code and correlation id of answers that the real application has no part in."""


WordOf = Callable[[Any], str]
"""Gives the correlation id of the request with that scope."""


Cause = Callable[[CortexError], str]
"""Says in one line what an error goes back to, or nothing."""


def fresh(_scope: object) -> str:
    """Return a new correlation id."""
    return str(uuid4())


def overloaded(docs_url: str, refused: Refused, word_of: WordOf) -> ASGI3Application:
    """Return the application of the connections beyond the limit: it answers 503 at once."""

    async def app(scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        word = word_of(scope)
        refused(503, OverloadedError.code, word)
        await _answer(send, 503, OverloadedError(), word, docs_url)

    return app


def guarded(
    app: Application,
    docs_url: str,
    refused: Refused,
    cause: Cause = lambda _error: "",
    word_of: WordOf = fresh,
) -> ASGI3Application:
    """Return *app*, with a problem instead of uvicorn's text/plain where an exception leaves it."""

    async def outer(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last line before the wire
            incident = str(uuid4())
            internal = InternalError(incident)
            internal.__cause__ = error
            _log.exception("An exception left the application. Incident: %s", incident)
            word = word_of(scope)
            refused(500, InternalError.code, word)
            # with an answer under way uvicorn objects to a second one, and cuts the connection
            await _answer(send, 500, internal, word, docs_url, cause(internal))

    return outer


async def _answer(
    send: ASGISendCallable,
    status: int,
    error: CortexError,
    word: str,
    docs_url: str,
    cause: str = "",
) -> None:
    said = problem(status, error, correlation_id=word, docs_url=docs_url, cause=cause)
    await send({"type": "http.response.start", "status": said.status, "headers": said.headers})
    await send({"type": "http.response.body", "body": said.body, "more_body": False})
