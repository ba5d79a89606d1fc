"""What listens to the server goes away or stands still; the server does not mind."""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.breaking import give_database_back, take_database_away
from tests.e2e.eventually import eventually
from tests.e2e.receiver import Mode, Receiver
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

PARTING = 2.0
LEAVING = 2.5
"""Seconds that a server takes to leave beside that, on a machine that has other things to do."""
SOON = 0.5
"""Far less than any timeout of an exporter, and more than a busy machine's hiccups."""

LOST = (
    "otel_sdk_exporter_operation_duration_seconds_count{",
    "otel_sdk_processor_span_processed_total{",
)
"""What the alert CortexTelemetryLost asks for."""


@pytest.fixture
async def quick(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that is not started yet."""
    process = ServerProcess(f"sqlite:///{tmp_path}/cortex.db", tmp_path)
    try:
        yield process
    finally:
        await process.stop()


@pytest.fixture
async def metrics() -> AsyncIterator[Receiver]:
    """Where the numbers go, which is in good order."""
    async with Receiver().listening() as receiver:
        yield receiver


async def asks(server: ServerProcess, count: int) -> float:
    """Have *count* requests answered, some at a time; return how long the longest took."""
    ada = await Api(server.port).sign_in()
    room = asyncio.Semaphore(8)

    async def ask() -> float:
        async with room:
            began = time.monotonic()
            assert (await ada.get("/v1/me")).status == 200
            return time.monotonic() - began

    return max(await asyncio.gather(*(ask() for _ in range(count))))


async def leaves(server: ServerProcess) -> float:
    """Return how long the server takes to leave, in good order."""
    began = time.monotonic()
    assert await server.terminate() == 0
    return time.monotonic() - began


def dropped(metrics: Receiver) -> float:
    """Return how many spans were not sent, as the server itself counts."""
    return sum(
        number
        for name in ("otel.sdk.processor.span.processed", "otel.sdk.exporter.span.exported")
        for labels, number in metrics.points(name)
        if "error.type" in labels
    )


@pytest.mark.parametrize("mode", ["refuses", "slow", "blackhole", "closed"])
async def test_fault_41_a_collector_that_is_not_there_does_no_harm(
    quick: ServerProcess, metrics: Receiver, mode: Mode
):
    async with Receiver(mode).listening() as away:
        quick.set(
            **metrics.settings,
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{away.url}/v1/traces",
            OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{away.url}/v1/logs",
            OTEL_EXPORTER_OTLP_TIMEOUT="1" if mode == "refuses" else "5",
            OTEL_BSP_MAX_QUEUE_SIZE="128",
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE="64",
        )
        await quick.start()
        assert await asks(quick, 300) < SOON
        assert await eventually(lambda: dropped(metrics)), "what was dropped is counted"
        page = (await Api(quick.port).get("/metrics")).body.decode()
        lost = [line for line in page.splitlines() if line.startswith(LOST) and "error_" in line]
        assert any(not line.endswith(" 0.0") for line in lost), "and whoever scrapes it sees it"
        size = max(number for _, number in metrics.points("otel.sdk.processor.span.queue.size"))
        assert size <= 128, "the queue is bounded"
        assert await leaves(quick) < PARTING + LEAVING
    said = [line for line in quick.said().splitlines() if '"event":"opentelemetry' in line]
    assert len(said) < 20, "the log is not flooded"


@pytest.mark.parametrize("mode", ["refuses", "blackhole", "closed"])
async def test_fault_41_nothing_of_opentelemetry_can_be_sent(quick: ServerProcess, mode: Mode):
    async with Receiver(mode).listening() as away:
        quick.set(**away.settings)
        await quick.start()
        assert await asks(quick, 100) < SOON
        assert await leaves(quick) < PARTING + LEAVING


async def test_fault_41_a_collector_that_is_back_is_told_again(
    quick: ServerProcess, metrics: Receiver
):
    metrics.mode = "refuses"
    quick.set(**metrics.settings, OTEL_EXPORTER_OTLP_TIMEOUT="1")
    await quick.start()
    await asks(quick, 50)
    metrics.mode = "takes"
    ada = await Api(quick.port).sign_in()
    await ada.get("/v1/me", **{"X-Correlation-ID": "after-all"})
    assert await eventually(lambda: metrics.trace("after-all"))


def _dropped_lines(metrics: Receiver) -> float:
    return max((number for _, number in metrics.points("cortex.log.dropped")), default=0.0)


async def test_fault_42_a_pipe_that_nobody_reads_keeps_nobody_waiting(
    quick: ServerProcess, metrics: Receiver
):
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4_096)
    quick.set(**metrics.settings)
    try:
        await quick.start(output=writing)
        assert await asks(quick, 2_500) < SOON
        assert await eventually(lambda: _dropped_lines(metrics) > 100)
        assert await leaves(quick) < PARTING + LEAVING
    finally:
        os.close(reading)
        os.close(writing)


async def test_fault_42_a_full_disk_takes_no_lines_and_does_no_harm(
    quick: ServerProcess, metrics: Receiver
):
    quick.set(**metrics.settings)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        await quick.start(output=full)
    finally:
        os.close(full)
    assert await asks(quick, 100) < SOON
    assert await eventually(lambda: _dropped_lines(metrics) >= 100)
    assert await leaves(quick) < LEAVING


async def test_fault_42_a_reader_that_is_gone_does_no_harm(quick: ServerProcess, metrics: Receiver):
    """As in `cortex serve | head`."""
    reading, writing = os.pipe()
    os.close(reading)
    quick.set(**metrics.settings)
    try:
        await quick.start(output=writing)
    finally:
        os.close(writing)
    assert await asks(quick, 100) < SOON
    assert await eventually(lambda: _dropped_lines(metrics) >= 100)
    assert await leaves(quick) < LEAVING


async def test_fault_55_a_process_that_stood_still_is_not_ready_for_a_while(
    quick: ServerProcess, metrics: Receiver
):
    quick.set(**metrics.settings)
    await quick.start()
    anybody = Api(quick.port)
    os.kill(quick.pid, signal.SIGSTOP)
    await asyncio.sleep(5.5)
    os.kill(quick.pid, signal.SIGCONT)
    answer = await anybody.get("/health/ready")
    assert answer.status == 503
    assert "loop" in answer.json()["detail"]
    assert (await anybody.get("/health/live")).status == 200
    [line] = await eventually(lambda: quick.lines("loop.blocked"))
    assert line["seconds"] > 5
    deadline = time.monotonic() + 20
    while (await anybody.get("/health/ready")).status != 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.5)


async def test_fault_7_an_outage_is_one_line_and_its_end_another(quick: ServerProcess):
    """Requests have their own lines and problems; what is said of the database is said once."""
    await quick.start()
    ada = await Api(quick.port).sign_in()
    await take_database_away(quick)
    for _ in range(20):
        answer = await ada.get("/v1/me")
        assert (answer.status, "retry-after" in answer.headers) == (503, True)
        assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]
        await asyncio.sleep(0.05)
    assert len(quick.lines("database.away")) == 1
    assert quick.lines("database.back") == []
    await give_database_back(quick)
    began = time.monotonic()
    while (await ada.get("/v1/me")).status != 200:
        assert time.monotonic() - began < 2
        await asyncio.sleep(0.05)
    # It was a write that failed, too; a read alone proves no more.
    assert await eventually(lambda: quick.lines("database.back"))
    assert len(quick.lines("database.away")) == 1
    assert quick.lines("incident") == []


async def test_fault_33_a_client_that_leaves_in_the_middle_is_no_failure_of_ours(
    quick: ServerProcess,
):
    await quick.start()
    ada = await Api(quick.port).sign_in()
    talk = await ada.conversation()
    for sent in (b"", b'{"content": "hel'):
        _, writer = await asyncio.open_connection("127.0.0.1", quick.port)
        writer.write(
            f"POST {talk}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n".encode()
            + sent
        )
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.3)
    assert await ada.pages(f"{talk}/messages") == []
    assert await quick.terminate() == 0
    assert quick.lines("incident") == []
    lines = quick.lines("http.request")
    assert {line["level"] for line in lines} <= {"debug", "info"}
    assert not any(int(line["status"]) >= 500 for line in lines)


async def test_what_is_refused_at_the_edge_is_found_by_its_id(quick: ServerProcess):
    await quick.start()
    anybody = Api(quick.port)
    refused = [
        await anybody.send("GET", "/ bad", None),
        await anybody.send("GET", "/v1/me", None, {"X-Big": "x" * 200_000}),
    ]
    assert [answer.status for answer in refused] == [400, 431]
    words = {answer.headers["x-correlation-id"] for answer in refused}
    assert {answer.json()["correlation_id"] for answer in refused} == words

    def told() -> bool:
        return {line.get("correlation_id") for line in quick.lines("http.refused")} == words

    assert await eventually(told)


async def test_a_body_that_breaks_is_told_and_logged_under_one_id(quick: ServerProcess):
    await quick.start()
    ada = await Api(quick.port).sign_in()
    reader, writer = await asyncio.open_connection("127.0.0.1", quick.port)
    writer.write(
        f"POST {await ada.conversation()}/messages HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {ada.token}\r\nX-Correlation-ID: broken-chunk\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\n12345\r\nno size\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"correlation_id":"broken-chunk"' in answer

    def told() -> bool:
        lines = [*quick.lines("http.request"), *quick.lines("http.refused")]
        found = [line["event"] for line in lines if line.get("correlation_id") == "broken-chunk"]
        return sorted(map(str, found)) == ["http.refused", "http.request"]

    assert await eventually(told)
