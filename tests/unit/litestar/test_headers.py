"""Every answer carries its headers, whatever became of the request."""

import pytest
from litestar import Litestar

from cortex_core import Ports
from tests.unit.litestar.asgi import JSON, Answer, Client
from tests.unit.litestar.problems import problem
from tests.unit.services.scene import Link, Scene

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def _complete(answer: Answer) -> Answer:
    for name, value in ALWAYS.items():
        assert answer.header(name) == value, name
    assert answer.header("x-correlation-id")
    return answer


async def test_success_and_refusal_alike(api: Client, scene: Scene) -> None:
    here = f"/v1/conversations/{scene.conversation.id}"
    asked = {
        200: ("GET", "/v1/me", (), b""),
        201: ("POST", f"{here}/messages", JSON, b'{"content": "x"}'),
        204: ("DELETE", f"/v1/conversations/{scene.conversation.id}", (), b""),
        400: ("POST", f"{here}/messages", JSON, b"{"),
        404: ("GET", "/nowhere", (), b""),
        405: ("PUT", "/v1/me", (), b""),
        406: ("GET", f"{here}/events", (("accept", "text/html"),), b""),
        413: ("POST", f"{here}/messages", (*JSON, ("content-length", "9999999")), b""),
        415: ("POST", f"{here}/messages", (), b"{}"),
        422: ("POST", f"{here}/messages", JSON, b"{}"),
    }
    for status, (method, target, headers, body) in sorted(
        asked.items(), key=lambda pair: pair[0] == 204
    ):
        answer = _complete(await api.ask(method, target, headers, body))
        assert answer.status == status
    _complete(await api.who("").get("/v1/me"))


async def test_a_failure_of_ours_too(api: Client, link: Link, ports: Ports) -> None:
    def broken(**how):
        raise ZeroDivisionError("secret")

    link.begin = broken  # type: ignore[method-assign]
    answer = _complete(await api.get("/v1/me"))
    assert "secret" not in answer.body.decode()
    found = problem(answer, 500, "internal")
    [report] = ports.errors.reports  # type: ignore[attr-defined]
    assert report.incident in found["detail"]


async def test_a_failure_outside_of_every_use_case_too(
    app: Litestar, api: Client, ports: Ports
) -> None:
    def broken(*what):
        raise ZeroDivisionError("secret")

    app.state.service.cortex.users.me = broken
    answer = _complete(await api.get("/v1/me"))
    found = problem(answer, 500, "internal")
    [report] = ports.errors.reports  # type: ignore[attr-defined]
    assert isinstance(report.error, ZeroDivisionError)
    assert report.incident in found["detail"]


async def test_a_stream_too(api: Client, scene: Scene) -> None:
    target = f"/v1/conversations/{scene.conversation.id}/events"
    async with api.stream(target) as stream:
        _complete(stream.answer)
        assert stream.answer.header("x-accel-buffering") == "no"
        assert stream.answer.header("content-length") is None


async def test_no_content_has_no_content(api: Client, scene: Scene) -> None:
    answer = await api.delete(f"/v1/conversations/{scene.conversation.id}")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("content-length") in (None, "0")


ALLOWED = {
    "/v1/me": "GET, HEAD, OPTIONS, PATCH",
    "/v1/workspaces": "GET, HEAD, OPTIONS, POST",
    "/v1/workspaces/x": "DELETE, GET, HEAD, OPTIONS, PATCH",
    "/v1/workspaces/x/members": "GET, HEAD, OPTIONS",
    "/v1/workspaces/x/members/y": "DELETE, OPTIONS, PUT",
    "/v1/workspaces/x/conversations": "GET, HEAD, OPTIONS, POST",
    "/v1/conversations": "GET, HEAD, OPTIONS",
    "/v1/conversations/x": "DELETE, GET, HEAD, OPTIONS, PATCH",
    "/v1/conversations/x/participants": "GET, HEAD, OPTIONS",
    "/v1/conversations/x/participants/y": "DELETE, OPTIONS, PUT",
    "/v1/conversations/x/messages": "GET, HEAD, OPTIONS, POST",
    "/v1/conversations/x/messages/y": "GET, HEAD, OPTIONS",
    "/v1/conversations/x/events": "GET, HEAD, OPTIONS",
    "/health": "GET, HEAD, OPTIONS",
    "/health/live": "GET, HEAD, OPTIONS",
    "/health/ready": "GET, HEAD, OPTIONS",
    "/.well-known/oauth-protected-resource": "GET, HEAD, OPTIONS",
}


@pytest.mark.parametrize("path", ALLOWED)
async def test_a_method_that_is_not_known_is_told_all_that_are(api: Client, path: str) -> None:
    allowed = ALLOWED[path].split(", ")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"):
        for who in (api, api.who("")):
            answer = await who.ask(method, path)
            if method in allowed:
                assert answer.status != 405
                continue
            problem(answer, 405, "method-not-allowed")
            assert sorted((answer.header("allow") or "").split(", ")) == allowed, method
    answer = _complete(await api.who("").ask("OPTIONS", path))
    assert (answer.status, answer.header("allow")) == (204, ALLOWED[path])


@pytest.mark.parametrize(
    "path",
    ["/v1", "/v1/nothing", "/v1/me/x", "/V1/me", "/v1/%00", "/%ff", "/v1/me%2fx"],
)
async def test_a_path_that_is_not_known_is_not_found(api: Client, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        problem(_complete(await api.ask(method, path)), 404, "not-found")
