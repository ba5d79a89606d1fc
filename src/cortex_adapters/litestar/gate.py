"""What every request is held to, whichever route it is for."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar import Request
from litestar.types import Message, Scope

from cortex_adapters.litestar.call import Call

_API: Final = "/v1/"


async def require_understood(request: Request[Any, Any, Any]) -> None:
    """Refuse parameters that the route does not know, and formats that it does not have."""
    path: str = request.scope["path_template"]
    if path.startswith(_API) and "operation" in request.route_handler.opt:
        call = cast("Call", request)
        if call.scope["query_string"]:
            call.arguments()
        call.require_acceptable()


async def drop_body(message: Message, scope: Scope) -> None:
    """Leave the body of an answer to HEAD out (RFC 9110 section 9.3.2)."""
    if message["type"] == "http.response.body" and scope.get("method") == "HEAD":
        message["body"] = b""
