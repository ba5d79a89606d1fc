"""The caller's own user."""

from __future__ import annotations

from litestar import get, patch

from cortex_adapters.litestar.answers import Answer, answer
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.operations import Operation, describe
from cortex_core.domain.commands import ChangeMe
from cortex_core.services.users import Me


@get(
    "/v1/me",
    opt=describe(Operation(summary="Who am I", tag="users", answer=Me, signed_in=True)),
)
async def me(request: Call) -> Answer:
    return answer(await request.cortex.users.me(request.user))


@patch(
    "/v1/me",
    opt=describe(
        Operation(
            summary="Change my name or metadata",
            tag="users",
            answer=Me,
            body=ChangeMe,
            merge_patch=True,
            signed_in=True,
        )
    ),
)
async def change_me(request: Call) -> Answer:
    command = await request.command(ChangeMe)
    return answer(await request.cortex.users.change_me(request.user, command))


handlers = [me, change_me]
