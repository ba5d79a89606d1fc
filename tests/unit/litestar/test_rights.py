"""What a route says of rights is what happens: each route, permission, role and participant."""

import json
import re
from typing import Any, cast

import msgspec
import pytest
from litestar import Litestar, get
from litestar.types import Receive, Scope, Send
from msgspec.structs import replace

from cortex_adapters.litestar.app import create_app
from cortex_adapters.litestar.auth import authentication
from cortex_adapters.litestar.openapi import build_document
from cortex_adapters.litestar.operations import Operation, describe
from cortex_adapters.litestar.rights import PEOPLE, Person, Right, markdown, rights
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_core.domain.errors import PermissionDeniedError
from cortex_core.domain.policy import PERMISSIONS
from tests.unit.litestar.asgi import Answer, Client, encoded
from tests.unit.litestar.conftest import CONFIG, Stage
from tests.unit.services.scene import Scene, someone, without

NAMES: dict[Person, str] = {"participant": "guest", "other": "stranger"}
TOKEN = "changed"
ROWS = rights(Stage().app)
NAMED = [row for row in ROWS if row.operation and row.operation.permission]
PLACED = [row for row in NAMED if row.operation and row.operation.roles]
MOVABLE = [row for row in PLACED if row.operation and row.operation.oneself]


def name_of(row: Right) -> str:
    return f"{row.method} {row.path}"


class Asking:
    """Asks any route, about the things in the scene."""

    def __init__(self, app: Litestar, scene: Scene, identity: MemoryIdentityProvider) -> None:
        self._app = app
        self.scene = scene
        self.identity = identity
        self._examples = _examples(app)

    async def ask(self, row: Right, token: str, *, about: str = "") -> Answer:
        """Ask as *token*; the path names *about*, or else somebody who is there and not *token*."""
        scene = self.scene
        operation = cast("Operation", row.operation)
        there = ("guest", "viewer") if "/participants/" in row.path else ("viewer", "editor")
        about = about or next(name for name in there if name != token)
        things = {
            "workspace_id": scene.workspace.id,
            "conversation_id": scene.conversation.id,
            "message_id": (await scene.say()).id if "{message_id}" in row.path else "",
            "user_id": await scene.id_of(getattr(scene, about)),
            "code": "conflict",
        }
        query = "".join(f"?{each.name}=hello" for each in operation.query if each.required)
        body = self._examples.get((row.path, row.method))
        headers = [("accept", operation.media_type)] if operation.answer is not None else []
        if body is not None:
            headers.append(("content-type", "application/json"))
        return await Client(self._app, token).ask(
            row.method,
            re.sub(r"\{(\w+)\}", lambda found: str(things[found[1]]), row.path) + query,
            headers,
            b"" if body is None else encoded(body),
        )


def _examples(app: Litestar) -> dict[tuple[str, str], object]:
    """Return the body that the OpenAPI document shows for each route that takes one."""
    document = json.loads(msgspec.json.encode(build_document(app, app.state.config)))
    return {
        (path, method.upper()): entry["requestBody"]["content"]["application/json"]["example"]
        for path, methods in document["paths"].items()
        for method, entry in methods.items()
        if "application/json" in entry.get("requestBody", {}).get("content", {})
    }


@pytest.fixture
def asking(app: Litestar, scene: Scene, identity: MemoryIdentityProvider) -> Asking:
    return Asking(app, scene, identity)


def require(answer: Answer, row: Right, refusal: int | None) -> None:
    operation = cast("Operation", row.operation)
    if refusal is not None:
        assert answer.status == refusal, answer.body
        assert b"items" not in answer.body
    else:
        # 409: the last owner may leave, and yet cannot.
        assert answer.status in {operation.status, 409}, answer.body


def test_every_route_says_who_may_call_it(stage: Stage):
    everything = replace(CONFIG, development=True, sign_on=True)
    rows = rights(create_app(stage.open_service, everything))
    assert len(rows) > len(ROWS)
    for row in rows:
        assert row.operation is not None, row
        assert not row.operation.closed, row
        inside = "{workspace_id}" in row.path or "{conversation_id}" in row.path
        assert bool(row.operation.roles) == inside, row
        said = (row.operation.public, row.operation.signed_in, row.operation.permission is not None)
        assert sum(said) == 1, row


def test_every_permission_of_people_opens_a_route():
    used = {row.operation.permission for row in NAMED if row.operation}
    assert used <= PERMISSIONS
    assert PERMISSIONS - used <= {"read:audit", "admin:users"}


@pytest.mark.parametrize("row", NAMED, ids=name_of)
async def test_without_the_permission_the_challenge_names_it(asking: Asking, row: Right):
    permission = cast("Operation", row.operation).permission
    assert permission
    asking.identity.add(TOKEN, without(asking.scene.owner, permission))
    answer = await asking.ask(row, TOKEN)
    assert answer.status == 403
    challenge = answer.header("www-authenticate") or ""
    assert challenge.startswith("Bearer ")
    assert challenge.endswith(f'error="insufficient_scope", scope="{permission}"')


@pytest.mark.parametrize("row", NAMED, ids=name_of)
async def test_the_permission_alone_is_enough(asking: Asking, row: Right):
    permission = cast("Operation", row.operation).permission
    assert permission
    asking.identity.add(TOKEN, someone("owner", permission))
    require(await asking.ask(row, TOKEN), row, None)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("row", PLACED, ids=name_of)
async def test_a_role_may_what_the_row_says(asking: Asking, row: Right, person: Person):
    answer = await asking.ask(row, NAMES.get(person, person))
    require(answer, row, row.refusal(person))


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("row", MOVABLE, ids=name_of)
async def test_who_leaves_may_what_the_row_says(asking: Asking, row: Right, person: Person):
    name = NAMES.get(person, person)
    answer = await asking.ask(row, name, about=name)
    if person in {"owner", "editor"} and "/participants/" in row.path:
        assert answer.status == 404  # it may, and was never added by name
        return
    require(answer, row, row.refusal(person, oneself=True))


@pytest.mark.parametrize("row", [row for row in ROWS if row not in NAMED], ids=name_of)
async def test_what_needs_no_permission(asking: Asking, row: Right):
    operation = cast("Operation", row.operation)
    asking.identity.add(TOKEN, replace(asking.scene.owner, permissions=frozenset()))
    answer = await asking.ask(row, "" if operation.public else TOKEN)
    if row.path.startswith("/auth/"):
        assert answer.header("www-authenticate") is None  # it checks what it is sent, no credential
    else:
        require(answer, row, None)
    if operation.signed_in:
        assert (await asking.ask(row, "")).status == 401


@pytest.mark.parametrize("opt", [{}, describe(Operation(summary="Closed", tag="users"))])
async def test_a_route_that_says_nothing_is_open_to_nobody(
    app: Litestar, scene: Scene, opt: dict[str, Operation]
):
    @get("/", opt=opt)
    async def closed() -> None: ...

    async def reached(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError

    headers = [(b"authorization", b"Bearer owner")]
    scope = {"route_handler": closed, "method": "GET", "headers": headers, "litestar_app": app}
    unused: Any = None
    with pytest.raises(PermissionDeniedError):
        await authentication(reached)(cast("Scope", scope), unused, unused)
    right = Right("/", "GET", opt.get("operation"))
    assert right.needs == "open to nobody"
    assert right.refusal("owner") == 403


def test_the_page_has_a_row_for_every_route(stage: Stage):
    page = markdown(stage.app)
    for row in ROWS:
        assert f"| `{row.method} {row.path}` | {row.needs} |" in page
