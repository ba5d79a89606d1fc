"""What every request is held to, whichever route it is for."""

from __future__ import annotations

from typing import Any, Final, NoReturn, cast

from litestar import Request

from cortex_adapters.litestar.call import Call
from cortex_core.domain.errors import CortexError, InvalidInputError

_API: Final = "/v1/"


async def require_understood(request: Request[Any, Any, Any]) -> None:
    """Refuse parameters that the route does not know, and formats that it does not have."""
    scope = request.scope
    if scope["path_template"].startswith(_API) and "operation" in scope["route_handler"].opt:
        call = cast("Call", request)
        if scope["query_string"]:
            try:
                call.arguments()
            except InvalidInputError as error:
                await _refuse(call, error)
        call.require_acceptable()


async def _refuse(call: Call, error: InvalidInputError) -> NoReturn:
    """Refuse the query, and name with its faults those of the body's shape, if it can be read.

    What else the body may not say is for the use case to find, which this request does not reach.
    """
    body = call.operation.body
    if body is not None:
        try:
            await call.command(body)
        except InvalidInputError as other:
            raise InvalidInputError(*error.faults, *other.faults) from other
        except CortexError:
            pass  # of what cannot be read there is nothing to name
    raise error
