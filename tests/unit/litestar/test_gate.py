"""What every request is held to: one way to write a path, known parameters, HEAD as GET."""

import pytest

from tests.unit.litestar.asgi import JSON, Answer, Client
from tests.unit.litestar.document import DOCUMENT
from tests.unit.litestar.problems import pointers, problem
from tests.unit.services.scene import Scene

OURS = [
    (path, method)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if path.startswith("/v1/")
]


def _filled(path: str, scene: Scene) -> str:
    return path.format(
        workspace_id=scene.workspace.id,
        conversation_id=scene.conversation.id,
        user_id="x",
        message_id="x",
        code="conflict",
    )


@pytest.mark.parametrize(("path", "method"), OURS)
async def test_a_parameter_that_no_route_knows_is_refused(
    api: Client, scene: Scene, path: str, method: str
) -> None:
    body = b"{" if method in {"post", "put", "patch"} else b""
    for verb in {"GET": ("GET", "HEAD")}.get(method.upper(), (method.upper(),)):
        answer = await api.ask(verb, f"{_filled(path, scene)}?colour=1", JSON, body)
        assert answer.status == 422
        assert verb == "HEAD" or pointers(answer) == ["/colour"]


async def test_what_is_refused_is_not_done(api: Client, scene: Scene) -> None:
    path = f"/v1/conversations/{scene.conversation.id}"
    assert pointers(await api.delete(f"{path}?force=1")) == ["/force"]
    problem(await api.delete(f"{path}?%ff=1"), 400, "malformed-request")
    assert (await api.get(path)).status == 200
    problem(await api.who("").delete(f"{path}?force=1"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("limit=0&order=up&x=1", [("/x", "unknown"), ("/limit", "range"), ("/order", "enum")]),
        ("limit=1e3&limit=201", [("", "repeated"), ("/limit", "range")]),
        ("order=&limit=-1&cursor=x", [("/limit", "type"), ("/order", "enum")]),
    ],
)
async def test_all_that_is_wrong_with_a_query_is_told_at_once(
    api: Client, scene: Scene, query: str, faults: list[tuple[str, str]]
) -> None:
    answer = await api.get(f"/v1/conversations/{scene.conversation.id}/messages?{query}")
    assert _faults(answer) == faults


async def test_faults_of_query_and_body_are_told_at_once(api: Client, scene: Scene) -> None:
    path = f"/v1/conversations/{scene.conversation.id}/messages?colour=1&size=2"
    query = [("/colour", "unknown"), ("/size", "unknown")]
    for body, faults in (
        (b"{}", [("/content", "missing")]),
        (
            b'{"content": 3, "respond": 3, "x": 4}',
            [("/x", "unknown"), ("/content", "type"), ("/respond", "type")],
        ),
    ):
        assert _faults(await api.ask("POST", path, JSON, body)) == [*query, *faults]
    assert not (await api.get(path.partition("?")[0])).json()["items"]
    # a body that cannot be read, or is not wrong, takes nothing from what is said of the query
    for kind, body in ((JSON, b"{"), (JSON, b'{"content": "x"}'), ((("x-y", "z"),), b"x")):
        assert _faults(await api.ask("POST", path, kind, body)) == query


def _faults(answer: Answer) -> list[tuple[str, str]]:
    found = problem(answer, 422, "invalid-input")["errors"]
    return [(fault["pointer"], fault["code"]) for fault in found]


@pytest.mark.parametrize(
    "path",
    [
        "/v1%2Fme",
        "//v1//me",
        "/v1//me",
        "//v1/me",
        "/v1/me/",
        "/v1/./me",
        "/v1/me/.",
        "/v1/x/../me",
        "/v1/%6de",
        "/%76%31/me",
        "/health/live/",
        "//health",
    ],
)
async def test_a_path_is_written_in_one_way(api: Client, path: str) -> None:
    for method in ("GET", "PATCH", "DELETE", "OPTIONS"):
        problem(await api.ask(method, path), 404, "not-found")
    assert (await api.ask("HEAD", path)).status == 404


READ = [path for path, operations in DOCUMENT["paths"].items() if "get" in operations]


@pytest.mark.parametrize("path", READ)
async def test_head_answers_as_get_does_without_the_body(
    api: Client, scene: Scene, path: str
) -> None:
    target = _filled(path, scene)
    accept = [("accept", "application/json")] if path.startswith("/v1/") else []
    named = [("x-correlation-id", "word"), *accept]
    for who in (api, api.who("stranger"), api.who("")):
        got, head = [await who.ask(method, target, named) for method in ("GET", "HEAD")]
        if path == "/auth/login":  # each sign-on has words of its own
            assert (head.status, head.body) == (got.status, b"")
            continue
        assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")


async def test_head_is_told_what_is_wrong_without_a_body(api: Client) -> None:
    for path, status in (("/v1/nothing", 404), ("/v1/conversations?limit=x", 422)):
        answer = await api.ask("HEAD", path)
        assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/*", 200),
        ("application/json;q=0", 406),
        ("application/json;q=0, */*", 406),
        ("text/html", 406),
        ("application/problem+json", 406),
    ],
)
async def test_what_is_not_wanted_is_not_sent(api: Client, accept: str, status: int) -> None:
    answer = await api.get("/v1/me", ("accept", accept))
    assert answer.status == status
    if status == 406:
        assert "application/json" in problem(answer, 406, "not-acceptable")["detail"]
    made = await api.post("/v1/workspaces", {"name": "x"}, ("accept", accept))
    assert made.status == (201 if status == 200 else 406)
    listed = (await api.get("/v1/workspaces")).json()["items"]
    assert ("x" in [item["name"] for item in listed]) is (status == 200)


async def test_where_there_is_no_content_every_format_is_fine(api: Client, scene: Scene) -> None:
    path = f"/v1/conversations/{scene.conversation.id}"
    assert (await api.delete(path, ("accept", "text/html"))).status == 204


async def test_the_server_as_a_whole_says_what_it_knows(api: Client) -> None:
    answer = await api.who("").ask("OPTIONS", "*")
    assert answer.status == 204
    assert answer.header("allow") == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    refused = await api.ask("GET", "*")
    problem(refused, 405, "method-not-allowed")
    assert refused.header("allow") == "OPTIONS"
    problem(await api.ask("OPTIONS", "/*"), 404, "not-found")
