"""Conversations and their participants."""

from __future__ import annotations

from litestar import Response, delete, get, patch, post, put

from cortex_adapters.litestar.answers import Answer, answer, nothing
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.operations import PAGE, Operation, describe
from cortex_core.domain.commands import ChangeConversation, StartConversation
from cortex_core.domain.models import Conversation, Participant
from cortex_core.domain.paging import Page
from cortex_core.domain.policy import READERS, WRITERS

TAG = "conversations"


@post(
    "/v1/workspaces/{workspace_id:str}/conversations",
    opt=describe(
        Operation(
            summary="Start a conversation",
            tag=TAG,
            status=201,
            answer=Conversation,
            body=StartConversation,
            etag=True,
            location=True,
            permission="write:conversations",
            roles=WRITERS,
        )
    ),
)
async def start(request: Call) -> Answer:
    workspace_id = request.workspace_id
    command = await request.command(StartConversation)
    made = await request.cortex.conversations.start(request.user, workspace_id, command)
    return answer(made, status=201, etag=made.version, location=f"/v1/conversations/{made.id}")


@get(
    "/v1/workspaces/{workspace_id:str}/conversations",
    opt=describe(
        Operation(
            summary="List a workspace's conversations, newest activity first",
            tag=TAG,
            answer=Page[Conversation],
            query=PAGE,
            permission="read:conversations",
            roles=READERS,
        )
    ),
)
async def in_workspace(request: Call) -> Answer:
    return answer(
        await request.cortex.conversations.in_workspace(
            request.user, request.workspace_id, request.page()
        )
    )


@get(
    "/v1/conversations",
    opt=describe(
        Operation(
            summary="List all conversations I may read, newest activity first",
            tag=TAG,
            answer=Page[Conversation],
            query=PAGE,
            permission="read:conversations",
        )
    ),
)
async def mine(request: Call) -> Answer:
    return answer(await request.cortex.conversations.mine(request.user, request.page()))


@get(
    "/v1/conversations/{conversation_id:str}",
    opt=describe(
        Operation(
            summary="Read a conversation",
            tag=TAG,
            answer=Conversation,
            etag=True,
            permission="read:conversations",
            roles=READERS,
            participants=True,
        )
    ),
)
async def read(request: Call) -> Answer:
    found = await request.cortex.conversations.get(request.user, request.conversation_id)
    return answer(found, etag=found.version)


@patch(
    "/v1/conversations/{conversation_id:str}",
    opt=describe(
        Operation(
            summary="Change a conversation's topic or metadata",
            tag=TAG,
            answer=Conversation,
            body=ChangeConversation,
            merge_patch=True,
            etag=True,
            if_match=True,
            permission="write:conversations",
            roles=WRITERS,
        )
    ),
)
async def change(request: Call) -> Answer:
    conversation_id = request.conversation_id
    command = await request.command(ChangeConversation)
    changed = await request.cortex.conversations.change(
        request.user, conversation_id, command, version=request.version()
    )
    return answer(changed, etag=changed.version)


@delete(
    "/v1/conversations/{conversation_id:str}",
    opt=describe(
        Operation(
            summary="Delete a conversation with all that is inside",
            tag=TAG,
            status=204,
            if_match=True,
            permission="write:conversations",
            roles=WRITERS,
        )
    ),
)
async def remove(request: Call) -> Response[None]:
    await request.cortex.conversations.delete(
        request.user, request.conversation_id, version=request.version()
    )
    return nothing()


@get(
    "/v1/conversations/{conversation_id:str}/participants",
    opt=describe(
        Operation(
            summary="List those who were added by name",
            tag=TAG,
            answer=Page[Participant],
            query=PAGE,
            permission="read:conversations",
            roles=READERS,
            participants=True,
        )
    ),
)
async def participants(request: Call) -> Answer:
    return answer(
        await request.cortex.participants.page(
            request.user, request.conversation_id, request.page()
        )
    )


@put(
    "/v1/conversations/{conversation_id:str}/participants/{user_id:str}",
    opt=describe(
        Operation(
            summary="Add a user by name",
            tag=TAG,
            answer=Participant,
            permission="write:conversations",
            roles=WRITERS,
        )
    ),
)
async def put_participant(request: Call) -> Answer:
    return answer(
        await request.cortex.participants.put(
            request.user, request.conversation_id, request.user_id
        )
    )


@delete(
    "/v1/conversations/{conversation_id:str}/participants/{user_id:str}",
    opt=describe(
        Operation(
            summary="Remove a user who was added by name",
            tag=TAG,
            status=204,
            permission="write:conversations",
            roles=WRITERS,
            oneself=True,
        )
    ),
)
async def remove_participant(request: Call) -> Response[None]:
    await request.cortex.participants.remove(request.user, request.conversation_id, request.user_id)
    return nothing()


handlers = [
    start,
    in_workspace,
    mine,
    read,
    change,
    remove,
    participants,
    put_participant,
    remove_participant,
]
