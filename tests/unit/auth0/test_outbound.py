"""What goes along with a request to a provider, and what is told of it."""

import httpx2
import pytest

from cortex_adapters.auth0.keys.documents import FetchError, open_documents
from cortex_adapters.auth0.sign_on.provider import open_provider
from cortex_adapters.memory.telemetry import MemoryTelemetry, RecordedSpan
from cortex_core.domain.correlation import correlated
from cortex_core.domain.errors import IdentityUnavailableError

URL = "https://tenant.test:8443/keys?secret=1"
FORM = {"grant_type": "refresh_token", "refresh_token": "secret"}


class Network(httpx2.AsyncBaseTransport):
    """Fails as often as it is told, then answers."""

    def __init__(self, *failures: Exception, status: int = 200, body: str = "{}") -> None:
        self.requests: list[httpx2.Request] = []
        self._failures = [*failures]
        self._answer = status, body

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self._failures:
            raise self._failures.pop(0)
        status, body = self._answer
        return httpx2.Response(status, stream=httpx2.ByteStream(body.encode()))


def _told(telemetry: MemoryTelemetry) -> RecordedSpan:
    [span] = [span for span in telemetry.spans if span.name == "http.client.request"]
    return span


async def _get(network: Network, telemetry: MemoryTelemetry) -> None:
    async with open_documents(network, telemetry) as documents:
        await documents.get(URL, token="secret-token")


async def test_the_trace_and_the_correlation_id_go_along() -> None:
    network, telemetry = Network(), MemoryTelemetry()
    with correlated("word"):
        await _get(network, telemetry)
    [request] = network.requests
    span = _told(telemetry)
    assert request.headers["x-correlation-id"] == "word"
    assert request.headers["traceparent"] == f"00-{span.number:032x}-{span.number:016x}-01"
    assert span.attributes == {
        "http.request.method": "GET",
        "server.address": "tenant.test",
        "server.port": 8443,
        "http.response.status_code": 200,
    }
    assert "secret" not in str(telemetry.spans)


async def test_outside_of_a_request_there_is_no_word_to_send() -> None:
    network = Network()
    await _get(network, MemoryTelemetry())
    assert "x-correlation-id" not in network.requests[0].headers


async def test_a_refusal_is_told_by_its_reason() -> None:
    telemetry = MemoryTelemetry()
    with pytest.raises(FetchError):
        await _get(Network(status=503), telemetry)
    assert _told(telemetry).attributes["error.type"] == "status-503"


async def test_where_no_connection_can_be_had_it_is_tried_once_more() -> None:
    network = Network(httpx2.ConnectError("refused"))
    await _get(network, MemoryTelemetry())
    assert len(network.requests) == 2


@pytest.mark.parametrize(
    ("failures", "requests"),
    [
        ([httpx2.ConnectError("refused")] * 3, 2),
        ([httpx2.ReadError("reset")], 1),
        ([httpx2.ConnectTimeout("slow")], 1),
        ([httpx2.RemoteProtocolError("nonsense")], 1),
    ],
)
async def test_no_more_than_once_and_nothing_else(failures: list[Exception], requests: int) -> None:
    network = Network(*failures)
    with pytest.raises(FetchError):
        await _get(network, MemoryTelemetry())
    assert len(network.requests) == requests


async def test_a_provider_that_fails_is_left_alone_for_a_while() -> None:
    network, telemetry = Network(status=502), MemoryTelemetry()

    async def metadata() -> dict[str, object]:
        return {"token_endpoint": "https://tenant.test/token"}

    async with open_provider(
        "https://tenant.test/", metadata, transport=network, telemetry=telemetry
    ) as provider:
        for _ in range(10):
            with pytest.raises(IdentityUnavailableError):
                await provider.exchange(FORM)
    assert len(network.requests) == 3
    assert [span.attributes["http.response.status_code"] for span in telemetry.spans] == [502] * 3


async def test_who_is_refused_does_not_close_the_way_for_others() -> None:
    network = Network(status=400, body='{"error": "invalid_request"}')

    async def metadata() -> dict[str, object]:
        return {"token_endpoint": "https://tenant.test/token"}

    async with open_provider("https://tenant.test/", metadata, transport=network) as provider:
        for _ in range(10):
            with pytest.raises(IdentityUnavailableError):
                await provider.exchange(FORM)
    assert len(network.requests) == 10
