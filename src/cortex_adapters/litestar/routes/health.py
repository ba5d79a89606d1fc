"""Health, for machines and for people."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from litestar import get

from cortex_adapters.litestar.answers import Answer, answer
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.operations import Operation, describe
from cortex_core.domain.errors import UnavailableError
from cortex_core.domain.policy import require_permission


class Alive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """This process runs."""

    status: str = "ok"


class Details(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this process is: its checks by name, `ok`, `degraded`, or the code of what is wrong."""

    version: str
    environment: str
    checks: Mapping[str, str]
    streams: int


@get(
    "/health/live",
    opt=describe(
        Operation(summary="Does this process run", tag="health", answer=Alive, public=True)
    ),
)
async def live() -> Answer:
    return answer(Alive())


@get(
    "/health/ready",
    opt=describe(
        Operation(
            summary="Can this process take requests",
            tag="health",
            answer=Alive,
            public=True,
            errors=(UnavailableError,),
        )
    ),
)
async def ready(request: Call) -> Answer:
    await request.app.state.health.require_ready()
    return answer(Alive())


@get(
    "/health",
    opt=describe(
        Operation(
            summary="How this process is",
            tag="health",
            answer=Details,
            permission="read:metrics",
        )
    ),
)
async def details(request: Call) -> Answer:
    require_permission(request.user.permissions, "read:metrics")
    config = request.app.state.config
    return answer(
        Details(
            version=config.version,
            environment=config.environment,
            checks=await request.app.state.health.look(),
            streams=request.cortex.following.streams,
        )
    )


handlers = [live, ready, details]
