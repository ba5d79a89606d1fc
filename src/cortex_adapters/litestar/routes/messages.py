"""Messages."""

from __future__ import annotations

from typing import Literal, cast

from litestar import get, post

from cortex_adapters.litestar.answers import Answer, answer
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.operations import PAGE, Operation, Query, describe
from cortex_core.domain.commands import PostMessage
from cortex_core.domain.models import Message
from cortex_core.domain.paging import Page
from cortex_core.domain.policy import READERS, WRITERS
from cortex_core.services.exchange import Posted

TAG = "messages"
ORDER = Query(
    name="order",
    description="In the order of the conversation, or against it.",
    schema={"type": "string", "enum": ["asc", "desc"], "default": "asc"},
)


@post(
    "/v1/conversations/{conversation_id:str}/messages",
    opt=describe(
        Operation(
            summary="Post a message, and with respond ask for an answer",
            tag=TAG,
            status=201,
            answer=Posted,
            body=PostMessage,
            location=True,
            permission="write:messages",
            roles=WRITERS,
            participants=True,
        )
    ),
)
async def create(request: Call) -> Answer:
    conversation_id = request.conversation_id
    command = await request.command(PostMessage)
    posted = await request.cortex.exchange.post(request.user, conversation_id, command)
    location = f"/v1/conversations/{conversation_id}/messages/{posted.id}"
    return answer(posted, status=201, location=location)


@get(
    "/v1/conversations/{conversation_id:str}/messages",
    opt=describe(
        Operation(
            summary="List messages in the order of the conversation, or against it",
            tag=TAG,
            answer=Page[Message],
            query=(*PAGE, ORDER),
            permission="read:messages",
            roles=READERS,
            participants=True,
        )
    ),
)
async def page(request: Call) -> Answer:
    order = request.arguments().get("order", "asc")
    return answer(
        await request.cortex.exchange.page(
            request.user,
            request.conversation_id,
            request.page(),
            order=cast('Literal["asc", "desc"]', order),
        )
    )


@get(
    "/v1/conversations/{conversation_id:str}/messages/{message_id:str}",
    opt=describe(
        Operation(
            summary="Read a message",
            tag=TAG,
            answer=Message,
            permission="read:messages",
            roles=READERS,
            participants=True,
        )
    ),
)
async def read(request: Call) -> Answer:
    return answer(
        await request.cortex.exchange.get(request.user, request.conversation_id, request.message_id)
    )


handlers = [create, page, read]
