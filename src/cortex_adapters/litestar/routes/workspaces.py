"""Workspaces and their members."""

from __future__ import annotations

from litestar import Response, delete, get, patch, post, put

from cortex_adapters.litestar.answers import Answer, answer, nothing
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.operations import PAGE, Operation, describe
from cortex_core.domain.commands import ChangeWorkspace, CreateWorkspace, PutMember
from cortex_core.domain.errors import ConflictError, LastOwnerError
from cortex_core.domain.models import Membership, Workspace
from cortex_core.domain.paging import Page
from cortex_core.domain.policy import OWNERS, READERS

TAG = "workspaces"


@post(
    "/v1/workspaces",
    opt=describe(
        Operation(
            summary="Open a workspace",
            tag=TAG,
            status=201,
            answer=Workspace,
            body=CreateWorkspace,
            etag=True,
            location=True,
            permission="write:workspaces",
            errors=(ConflictError,),
        )
    ),
)
async def create(request: Call) -> Answer:
    command = await request.command(CreateWorkspace)
    made = await request.cortex.workspaces.create(request.user, command)
    return answer(made, status=201, etag=made.version, location=f"/v1/workspaces/{made.id}")


@get(
    "/v1/workspaces",
    opt=describe(
        Operation(
            summary="List the workspaces I am a member of, oldest first",
            tag=TAG,
            answer=Page[Workspace],
            query=PAGE,
            permission="read:workspaces",
        )
    ),
)
async def mine(request: Call) -> Answer:
    return answer(await request.cortex.workspaces.mine(request.user, request.page()))


@get(
    "/v1/workspaces/{workspace_id:str}",
    opt=describe(
        Operation(
            summary="Read a workspace",
            tag=TAG,
            answer=Workspace,
            etag=True,
            permission="read:workspaces",
            roles=READERS,
        )
    ),
)
async def read(request: Call) -> Answer:
    found = await request.cortex.workspaces.get(request.user, request.workspace_id)
    return answer(found, etag=found.version)


@patch(
    "/v1/workspaces/{workspace_id:str}",
    opt=describe(
        Operation(
            summary="Change a workspace I own",
            tag=TAG,
            answer=Workspace,
            body=ChangeWorkspace,
            merge_patch=True,
            etag=True,
            if_match=True,
            permission="write:workspaces",
            roles=OWNERS,
            errors=(ConflictError,),
        )
    ),
)
async def change(request: Call) -> Answer:
    workspace_id = request.workspace_id
    command = await request.command(ChangeWorkspace)
    changed = await request.cortex.workspaces.change(
        request.user, workspace_id, command, version=request.version()
    )
    return answer(changed, etag=changed.version)


@delete(
    "/v1/workspaces/{workspace_id:str}",
    opt=describe(
        Operation(
            summary="Delete a workspace I own, with all that is inside",
            tag=TAG,
            status=204,
            if_match=True,
            permission="write:workspaces",
            roles=OWNERS,
        )
    ),
)
async def remove(request: Call) -> Response[None]:
    await request.cortex.workspaces.delete(
        request.user, request.workspace_id, version=request.version()
    )
    return nothing()


@get(
    "/v1/workspaces/{workspace_id:str}/members",
    opt=describe(
        Operation(
            summary="List the members of a workspace",
            tag=TAG,
            answer=Page[Membership],
            query=PAGE,
            permission="read:workspaces",
            roles=READERS,
        )
    ),
)
async def members(request: Call) -> Answer:
    return answer(
        await request.cortex.members.page(request.user, request.workspace_id, request.page())
    )


@put(
    "/v1/workspaces/{workspace_id:str}/members/{user_id:str}",
    opt=describe(
        Operation(
            summary="Give a user a role in a workspace I own",
            tag=TAG,
            answer=Membership,
            body=PutMember,
            permission="write:workspaces",
            roles=OWNERS,
            errors=(ConflictError, LastOwnerError),
        )
    ),
)
async def put_member(request: Call) -> Answer:
    workspace_id, user_id = request.workspace_id, request.user_id
    command = await request.command(PutMember)
    return answer(await request.cortex.members.put(request.user, workspace_id, user_id, command))


@delete(
    "/v1/workspaces/{workspace_id:str}/members/{user_id:str}",
    opt=describe(
        Operation(
            summary="End a membership: mine, or another's in a workspace I own",
            tag=TAG,
            status=204,
            permission="write:workspaces",
            roles=OWNERS,
            oneself=True,
            errors=(LastOwnerError,),
        )
    ),
)
async def remove_member(request: Call) -> Response[None]:
    await request.cortex.members.remove(request.user, request.workspace_id, request.user_id)
    return nothing()


handlers = [create, mine, read, change, remove, members, put_member, remove_member]
