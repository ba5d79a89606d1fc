"""The log of a conversation: as a live stream, or as pages."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from functools import partial
from typing import Final

import msgspec
from litestar import Response, get
from litestar.background_tasks import BackgroundTask
from litestar.response import Stream

from cortex_adapters.litestar import sse
from cortex_adapters.litestar.answers import JSON
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.errors import Problem, note_failure, problem_to
from cortex_adapters.litestar.operations import PAGE, Operation, Query, describe
from cortex_adapters.litestar.refused import note_refusal
from cortex_core.domain.errors import CortexError
from cortex_core.domain.paging import Page, PageRequest
from cortex_core.domain.policy import READERS
from cortex_core.services.following import Resume

_LAST_EVENT_ID: Final = re.compile(r"([0-9a-zA-Z]{1,64})\.([0-9]{1,18})")
_HEADERS: Final = {"x-accel-buffering": "no"}  # proxies that buffer would hold events back
_FOREIGN: Final = Resume(seq=0, epoch="")
AFTER: Final = Query(
    name="after",
    description="Only events after this place; Last-Event-ID counts first.",
    schema={"type": "integer", "minimum": 0, "maximum": 10**18 - 1, "default": 0},
)


@get(
    "/v1/conversations/{conversation_id:str}/events",
    opt=describe(
        Operation(
            summary="Follow a conversation live, or read its log in pages",
            tag="events",
            answer=Page[sse.WireEvent],
            query=(*PAGE, AFTER),
            stream=True,
            permission="read:messages",
            roles=READERS,
            participants=True,
        )
    ),
)
async def events(request: Call) -> Response[bytes] | Stream:
    if request.require_acceptable() == JSON:
        return await _pages(request)
    return await (_head(request) if request.method == "HEAD" else _stream(request))


async def _pages(request: Call) -> Response[bytes]:
    after = request.number(request.arguments(), "after") or 0
    found = await request.cortex.exchange.log(
        request.user, request.conversation_id, request.page(), after=after
    )
    items = [sse.wire(recorded) for recorded in found.items]
    page = Page(items=items, next_cursor=found.next_cursor)
    return Response(msgspec.json.encode(page), media_type=JSON)


async def _head(request: Call) -> Response[bytes]:
    """Answer as a stream begins, after the same checks, without opening one."""
    resume = _resume(request)
    await request.cortex.exchange.log(
        request.user, request.conversation_id, PageRequest(limit=1), after=resume.seq
    )
    return Response(b"", media_type=sse.MEDIA_TYPE, headers=_HEADERS)


async def _stream(request: Call) -> Stream:
    following = request.cortex.following
    items = await following.open(request.user, request.conversation_id, _resume(request))
    encoder = sse.Encoder(
        epoch=await following.epoch(),
        clock=request.cortex.ports.clock,
        report=partial(request.cortex.ports.errors.report, operation="events.stream"),
        problem=partial(_ended, request),
    )
    blocks = encoder.stream(items)
    # The framework leaves what was cut off to the garbage collector.
    return Stream(
        blocks,
        media_type=sse.MEDIA_TYPE,
        headers=_HEADERS,
        background=BackgroundTask(_close, blocks),
    )


def _ended(request: Call, error: CortexError) -> Problem:
    """Return what the stream's last event says, and have the log say why it ended."""
    note_failure(request, error)
    note_refusal(request, error)
    return problem_to(request, error)


async def _close(blocks: AsyncGenerator[bytes, None]) -> None:
    await blocks.aclose()


def _resume(request: Call) -> Resume:
    """Return from where to go on; an id that is not one of ours asks for a reset."""
    after = request.number(request.arguments(), "after")
    last = request.last_event_id()
    if not last:
        return Resume(seq=after or 0)
    match = _LAST_EVENT_ID.fullmatch(last)
    return Resume(epoch=match[1], seq=int(match[2])) if match else _FOREIGN


handlers = [events]
