"""What a body may be: JSON, said to be JSON, of a bounded size, whole."""

import json

import pytest

from tests.unit.litestar.asgi import JSON, Client, Exchange
from tests.unit.litestar.problems import pointers, problem
from tests.unit.services.scene import Scene, log_of

LIMIT = 1024 * 1024
PATCH_JSON = "application/merge-patch+json"


def _type(value: str) -> tuple[str, str]:
    return ("content-type", value)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json ; charset="utf-8"',
        "application/json;",
    ],
)
async def test_json_may_be_said_in_many_ways(api: Client, kind: str) -> None:
    answer = await api.ask("POST", "/v1/workspaces", [_type(kind)], b'{"name": "x"}')
    assert answer.status == 201


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json+x",
        "application/problem+json",
        "text/json",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "application/*",
        "*/*",
        "json",
        PATCH_JSON,
    ],
)
async def test_any_other_format_is_refused_before_it_is_read(api: Client, kind: str | None) -> None:
    exchange = Exchange([b'{"name": "x"}'])
    headers = [] if kind is None else [_type(kind)]
    answer = await api.finish(exchange, "POST", "/v1/workspaces", headers)
    problem(answer, 415, "unsupported-format")
    assert exchange.taken == 0


async def test_two_formats_are_none(api: Client) -> None:
    for second in ("application/json", "text/plain"):
        headers = [*JSON, _type(second)]
        answer = await api.ask("POST", "/v1/workspaces", headers, b'{"name": "x"}')
        assert "once" in problem(answer, 415, "unsupported-format")["detail"]


async def test_a_patch_may_be_called_by_its_own_name(api: Client) -> None:
    for kind in (PATCH_JSON, f"{PATCH_JSON}; charset=utf-8", "application/json"):
        answer = await api.ask("PATCH", "/v1/me", [_type(kind)], b'{"name": "Eve"}')
        assert answer.status == 200
    problem(await api.ask("PATCH", "/v1/me", [_type("text/plain")]), 415, "unsupported-format")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "x", ""])
async def test_a_coding_is_refused(api: Client, coding: str) -> None:
    headers = (*JSON, ("content-encoding", coding))
    answer = await api.ask("POST", "/v1/workspaces", headers, b'{"name": "x"}')
    problem(answer, 415, "unsupported-format")


async def test_no_coding_at_all_may_be_said(api: Client) -> None:
    headers = (*JSON, ("content-encoding", "Identity"))
    assert (await api.ask("POST", "/v1/workspaces", headers, b'{"name": "x"}')).status == 201


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"\xff", b'{"name": "x", "name": "x"}', b"NaN", b"[" * 100_000]
)
async def test_what_is_not_json_is_malformed(api: Client, body: bytes) -> None:
    problem(await api.ask("POST", "/v1/workspaces", JSON, body), 400, "malformed-request")


async def test_a_wrong_field_is_named_with_what_is_allowed(api: Client) -> None:
    body = {"name": "", "description": "x" * 501, "metadata": {"a": {"b": "\x00"}}}
    answer = await api.post("/v1/workspaces", body)
    assert pointers(answer) == ["/name", "/description", "/metadata/a/b"]
    messages = [fault["message"] for fault in answer.json()["errors"]]
    assert "1 to 100" in messages[0]
    assert "0 to 500" in messages[1]


@pytest.mark.parametrize(
    "body",
    [b'{"\\ud800": 1}', b'{"name": "\\ud800"}', b'{"name": "x", "metadata": {"\\udc00": 1}}'],
)
async def test_a_lone_surrogate_anywhere_is_the_clients(api: Client, body: bytes) -> None:
    assert pointers(await api.ask("POST", "/v1/workspaces", JSON, body))


async def test_a_body_in_pieces_is_one_body(api: Client) -> None:
    body = json.dumps({"name": "\N{PILE OF POO}"}, ensure_ascii=False).encode()
    pieces = [bytes([byte]) for byte in body]
    answer = await api.ask("POST", "/v1/workspaces", JSON, [*pieces, b""])
    assert answer.json()["name"] == "\N{PILE OF POO}"


async def test_the_largest_body_is_read(api: Client) -> None:
    text = b'{"name": "x"}'
    for body in ([text + b" " * (LIMIT - len(text))], [text, b" " * (LIMIT - len(text))]):
        assert (await api.ask("POST", "/v1/workspaces", JSON, body)).status in (201, 409)


async def test_a_body_that_announces_itself_too_large_is_not_read_at_all(api: Client) -> None:
    for size in (LIMIT + 1, 10**18, 10**30):
        exchange = Exchange([b"x"])
        headers = (*JSON, ("content-length", str(size)))
        problem(await api.finish(exchange, "POST", "/v1/workspaces", headers), 413, "too-large")
        assert exchange.taken == 0


async def test_a_body_that_grows_too_large_is_not_read_to_its_end(api: Client) -> None:
    exchange = Exchange([b" " * 65_536] * 1_000)
    problem(await api.finish(exchange, "POST", "/v1/workspaces", JSON), 413, "too-large")
    assert exchange.taken <= LIMIT // 65_536 + 1
    exchange = Exchange([b" " * 65_536] * 1_000)
    small = (*JSON, ("content-length", "5"))
    problem(await api.finish(exchange, "POST", "/v1/workspaces", small), 413, "too-large")


@pytest.mark.parametrize("length", ["x", "-1", "\u00b2", "1.5", "", "0x10", "1, 1"])
async def test_a_length_that_is_no_number_is_no_failure_of_ours(api: Client, length: str) -> None:
    headers = (*JSON, ("content-length", length))
    answer = await api.ask("POST", "/v1/workspaces", headers, b'{"name": "x"}')
    assert answer.status in (201, 400)


async def test_fault_33_a_client_that_goes_away_in_the_middle_changes_nothing(
    api: Client, scene: Scene
) -> None:
    here = scene.conversation.id
    before = await log_of(scene.cortex.ports.store, here)
    for cut in (b"", b'{"content": "x"', b'{"content": "x"}'):
        exchange = Exchange([cut])
        exchange.gone.set()
        answer = await api.finish(exchange, "POST", f"/v1/conversations/{here}/messages", JSON)
        problem(answer, 400, "malformed-request")
    assert await log_of(scene.cortex.ports.store, here) == before
    assert not scene.cortex.ports.errors.reports  # type: ignore[attr-defined]


async def test_messages_without_optional_members_are_understood(api: Client) -> None:
    """ASGI: `body` and `more_body` may be left out."""

    class Bare(Exchange):
        async def receive(self) -> dict[str, object]:
            message = await super().receive()
            return {name: value for name, value in message.items() if value not in (b"", False)}

    answer = await api.finish(Bare([b'{"name": "x"}']), "POST", "/v1/workspaces", JSON)
    assert answer.status == 201
    problem(await api.finish(Bare([b""]), "POST", "/v1/workspaces", JSON), 400, "malformed-request")
