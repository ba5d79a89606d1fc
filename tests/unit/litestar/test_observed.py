"""What is told of every request."""

import pytest

from cortex_adapters.memory.telemetry import MemoryTelemetry, RecordedSpan
from cortex_core.domain.correlation import correlation_id
from tests.unit.litestar.asgi import Client
from tests.unit.services.scene import Link, Scene


@pytest.fixture
def telemetry(scene: Scene) -> MemoryTelemetry:
    found = scene.cortex.ports.telemetry
    assert isinstance(found, MemoryTelemetry)
    found.spans.clear()
    found.lines.clear()
    return found


def _request(telemetry: MemoryTelemetry) -> RecordedSpan:
    [span] = [span for span in telemetry.spans if span.name == "http.server.request"]
    return span


def _line(telemetry: MemoryTelemetry) -> dict[str, object]:
    [line] = [line for line in telemetry.lines if line.event == "http.request"]
    assert isinstance(line.attributes["duration_ms"], float)
    return {
        "level": line.level,
        **{key: value for key, value in line.attributes.items() if key != "duration_ms"},
    }


async def test_a_request_is_told_by_its_route(api: Client, telemetry: MemoryTelemetry) -> None:
    answer = await api.get("/v1/workspaces?limit=1", ("x-correlation-id", "word"))
    assert answer.status == 200
    assert _request(telemetry).attributes == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.route": "/v1/workspaces",
        "http.response.status_code": 200,
        "correlation_id": "word",
    }
    assert _line(telemetry) == {
        "level": "info",
        "method": "GET",
        "route": "/v1/workspaces",
        "status": 200,
        "principal": "editor",
    }


async def test_the_use_case_is_a_part_of_the_request(
    api: Client, telemetry: MemoryTelemetry
) -> None:
    await api.get("/v1/me")
    [case] = [span for span in telemetry.spans if span.name == "cortex.operation"]
    assert case.parent == _request(telemetry).number


async def test_an_id_in_the_path_is_in_neither(
    api: Client, scene: Scene, telemetry: MemoryTelemetry
) -> None:
    await api.get(f"/v1/conversations/{scene.conversation.id}")
    said = f"{_request(telemetry).attributes} {_line(telemetry)}"
    assert scene.conversation.id not in said
    assert _line(telemetry)["route"] == "/v1/conversations/{conversation_id}"


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "code", "route"),
    [
        ("GET", "/nowhere", "editor", 404, "not-found", ""),
        ("GET", "//v1//me", "editor", 404, "not-found", ""),
        ("DELETE", "/v1/me", "editor", 405, "method-not-allowed", ""),
        ("GET", "/v1/me", "", 401, "unauthenticated", "/v1/me"),
        ("GET", "/v1/me", "nobody", 401, "unauthenticated", "/v1/me"),
        ("GET", "/v1/workspaces?limit=0", "editor", 422, "invalid-input", "/v1/workspaces"),
    ],
)
async def test_a_refusal_is_told_with_its_code(
    api: Client,
    telemetry: MemoryTelemetry,
    method: str,
    path: str,
    token: str,
    status: int,
    code: str,
    route: str,
) -> None:
    answer = await api.who(token).ask(method, path)
    assert answer.status == status
    line = _line(telemetry)
    assert (line["level"], line["status"], line["code"]) == ("info", status, code)
    span = _request(telemetry)
    assert span.attributes["http.response.status_code"] == status
    assert "error.type" not in span.attributes  # a client's fault is none of ours
    if route:
        assert span.attributes["http.route"] == line["route"] == route


async def test_what_is_our_fault_is_an_error(
    api: Client, link: Link, telemetry: MemoryTelemetry
) -> None:
    link.away = True
    answer = await api.get("/v1/me")
    assert answer.status == 503
    assert _request(telemetry).attributes["error.type"] == "dependency-unavailable"
    line = _line(telemetry)
    assert (line["level"], line["code"]) == ("warning", "dependency-unavailable")


async def test_a_method_that_nobody_knows_is_no_label(
    api: Client, telemetry: MemoryTelemetry
) -> None:
    await api.ask("BREW", "/v1/me")
    assert _request(telemetry).attributes["http.request.method"] == "_OTHER"


async def test_questions_about_health_are_told_quietly(
    api: Client, telemetry: MemoryTelemetry
) -> None:
    await api.get("/health/live")
    assert _line(telemetry)["level"] == "debug"


async def test_outside_of_requests_there_is_no_word(api: Client) -> None:
    await api.get("/v1/me", ("x-correlation-id", "word"))
    assert correlation_id() == ""
