"""What every request is held to, whichever route it is for."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar import Request

from cortex_adapters.litestar.call import Call

_API: Final = "/v1/"


async def require_understood(request: Request[Any, Any, Any]) -> None:
    """Refuse parameters that the route does not know, and formats that it does not have."""
    scope = request.scope
    if scope["path_template"].startswith(_API) and "operation" in scope["route_handler"].opt:
        call = cast("Call", request)
        if scope["query_string"]:
            call.arguments()
        call.require_acceptable()
