"""JSONTestSuite as request bodies: never a 5xx, and what is not JSON is a 400, on every route."""

import asyncio

from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api
from tests.vectors import vectors

AT_ONCE = 8


async def test_every_route_that_reads_json_reads_it_strictly(server: ServerProcess):
    suite = vectors("jsontestsuite", "test_parsing")
    bodies = {path.name: path.read_bytes() for path in sorted(suite.glob("*.json"))}
    assert len(bodies) == 318
    ada = await Api(server.port).sign_in()
    routes = await _routes(ada)
    assert len(routes) >= 8
    turn = asyncio.Semaphore(AT_ONCE)

    async def send(method: str, path: str, name: str) -> str | None:
        async with turn:
            answer = await ada.send(method, path, bodies[name])
        code = answer.json().get("code")
        if answer.status >= 500:
            return f"{method} {path} {name}: {answer.status}"
        if name.startswith("n_") and answer.status != 400:
            return f"{method} {path} {name}: {answer.status}, and it is not JSON"
        if name.startswith("y_") and code == "malformed-request" and not _strict(name):
            return f"{method} {path} {name}: refused, and it is JSON"
        return None

    wrong = await asyncio.gather(
        *(send(method, path, name) for method, path in routes for name in bodies)
    )
    assert not list(filter(None, wrong))


def _strict(name: str) -> bool:
    """Names that stand twice are JSON, with no meaning that all agree on: we refuse them."""
    return "duplicated_key" in name


async def _routes(ada: Api) -> list[tuple[str, str]]:
    """Return every route that takes JSON, with the ids of things that are there."""
    workspace = await ada.workspace()
    talk = await ada.conversation(workspace)
    me = (await ada.get("/v1/me")).json()["user"]["id"]
    ids = {"workspace_id": workspace, "conversation_id": talk.rpartition("/")[2], "user_id": me}
    document = (await ada.get("/openapi.json")).json()
    return [
        (method.upper(), path.format(**ids))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
