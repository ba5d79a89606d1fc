"""What a connection may cost, and how one that costs more is refused."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.unit.uvicorn.wire import BARE, Answer, Target, target

_STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
_POST = b"POST /body HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Target]:
    """A server with its usual limits, but deadlines that a test can wait for."""
    limits = {"head_seconds": 0.4, "body_seconds": 0.6, "write_seconds": 0.5}
    with target(limits=limits) as running:
        yield running


@pytest.fixture(scope="module")
def small_server() -> Iterator[Target]:
    """A server for ten connections."""
    with target(limits={"connections": 10, "pipelined": 4}) as running:
        yield running


def assert_problem(answer: Answer, status: int, code: str) -> None:
    problem = answer.problem
    assert answer.status == problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"https://docs.example/errors#{code}"
    assert problem["instance"] == f"urn:uuid:{problem['correlation_id']}"
    assert problem["errors"] == []
    assert problem["title"]
    assert problem["detail"]
    assert answer.headers["x-correlation-id"] == problem["correlation_id"]
    assert answer.headers["connection"] == "close"
    assert "date" in answer.headers
    assert "server" not in answer.headers


async def test_an_answer_names_no_server_and_tells_the_time(server: Target) -> None:
    answer = await server.ask(BARE)
    assert answer.status == 200
    assert "server" not in answer.headers
    assert answer.headers["date"].endswith("GMT")


async def test_forwarded_headers_are_not_believed(server: Target) -> None:
    answer = await server.ask(
        b"GET /bare HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
    )
    assert b"127.0.0.1" in answer.body


@pytest.mark.parametrize(
    "garbage",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /bare HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /bare HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        _POST + b"Content-Length: -1\r\n\r\n",
        _POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_answered_400(server: Target, garbage: bytes) -> None:
    async with server.wire() as wire:
        wire.send(garbage)
        assert_problem(await wire.answer(), 400, "malformed-request")
        assert await wire.rest() == b""


@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host: x\r\nHost: x\r\n",
        b"Host: x\r\nHost: y\r\n",
        b"Host:\r\n",
        b"Host: x y\r\n",
        b"Host: x, y\r\n",
        b"Host: x/y\r\n",
        b"Host: a@x\r\n",
        b"Host: x:y\r\n",
        b"Host: x:1:2\r\n",
        b"Host: [::1\r\n",
        b"Host: %zz\r\n",
        b"Host: \xe9\r\n",
    ],
)
async def test_a_request_names_one_host(server: Target, hosts: bytes) -> None:
    answer = await server.ask(b"GET /bare HTTP/1.1\r\n" + hosts + b"\r\n")
    assert_problem(answer, 400, "malformed-request")
    assert "ost" in str(answer.problem["detail"])


@pytest.mark.parametrize(
    "host", [b"x", b"x:8000", b"x:", b"127.0.0.1:1", b"[::1]:8000", b"a_b.example.", b"x%41"]
)
async def test_a_host_has_many_forms(server: Target, host: bytes) -> None:
    assert (await server.ask(b"GET /bare HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")).status == 200


async def test_of_http_1_0_no_host_is_asked(server: Target) -> None:
    assert (await server.ask(b"GET /bare HTTP/1.0\r\n\r\n")).status == 200
    two = b"GET /bare HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n"
    assert_problem(await server.ask(two), 400, "malformed-request")


async def test_the_server_as_a_whole_is_asked_with_an_asterisk(server: Target) -> None:
    answer = await server.ask(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status == 204


async def test_fault_32_half_a_head_is_answered_408_in_time(server: Target) -> None:
    async with server.wire() as wire:
        began = time.monotonic()
        wire.send(b"GET /bare HTTP/1.1\r\nHost: x\r\nX-Half: ")
        assert_problem(await wire.answer(), 408, "too-slow")
        assert 0.3 < time.monotonic() - began < 1.5


async def test_a_head_that_trickles_gains_no_time(server: Target) -> None:
    async with server.wire() as wire:
        began = time.monotonic()
        for byte in BARE.rstrip():
            if time.monotonic() - began > 0.7:
                break
            wire.send(bytes([byte]))
            await asyncio.sleep(0.05)
        assert_problem(await wire.answer(), 408, "too-slow")


async def test_a_connection_that_says_nothing_is_closed_without_a_word(server: Target) -> None:
    async with server.wire() as wire:
        began = time.monotonic()
        assert await wire.rest() == b""
        assert 0.3 < time.monotonic() - began < 1.5


async def test_line_breaks_between_requests_keep_no_connection_open(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(BARE)
        await wire.answer()
        for _ in range(9):
            wire.send(b"\r\n")
            await asyncio.sleep(0.1)
        assert_problem(await wire.answer(0.5), 408, "too-slow")


async def test_the_second_head_has_a_deadline_too(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(BARE)
        assert (await wire.answer()).status == 200
        await asyncio.sleep(0.6)  # between requests there is another, longer one
        wire.send(b"GET /bare")
        assert_problem(await wire.answer(), 408, "too-slow")


async def test_half_a_head_behind_an_answer_has_its_deadline_after_it(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(b"GET /slow?seconds=0.8 HTTP/1.1\r\nHost: x\r\n\r\nGET /ba")
        assert (await wire.answer()).status == 200
        assert_problem(await wire.answer(2), 408, "too-slow")


async def test_fault_32_half_a_body_is_answered_408_in_time(server: Target) -> None:
    async with server.wire() as wire:
        began = time.monotonic()
        wire.send(_POST + b"Content-Length: 100\r\n\r\nabc")
        assert_problem(await wire.answer(), 408, "too-slow")
        assert 0.5 < time.monotonic() - began < 1.7


async def test_fault_32_a_body_that_trickles_gains_no_time(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(_POST + b"Content-Length: 100\r\n\r\n")
        for _ in range(9):
            wire.send(b"a")
            await asyncio.sleep(0.1)
        assert_problem(await wire.answer(), 408, "too-slow")


async def test_an_answer_longer_than_every_deadline_is_left_alone(server: Target) -> None:
    answer = await server.ask(b"GET /slow?seconds=1.2 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status == 200


async def test_a_header_of_a_mebibyte_is_answered_431(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(b"GET /bare HTTP/1.1\r\nHost: x\r\nX-Huge: " + b"a" * 2**20 + b"\r\n\r\n")
        assert_problem(await wire.answer(), 431, "too-large")


async def test_what_never_reaches_the_application_is_told_of() -> None:
    with target(limits={"connections": 10}) as own:
        async with AsyncExitStack() as stack:
            for _ in range(10):
                await stack.enter_async_context(own.wire())
            answer = await own.ask(b"GET /bare HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer.status == 503
        assert await own.hears("refused 503 overloaded")
        await own.ask(b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await own.hears("refused 500 internal")
        await own.ask(b"not HTTP at all\r\n\r\n")
        assert await own.hears("refused 400 malformed-request")


def test_a_client_that_writes_before_it_reads_still_gets_the_answer(server: Target) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"GET /bare HTTP/1.1\r\nHost: x\r\nX-Huge: " + b"a" * 2**22)
        time.sleep(0.2)
        assert client.recv(12) == b"HTTP/1.1 431"


async def test_many_headers_are_answered_431(server: Target) -> None:
    async with server.wire() as wire:
        many = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 100) for number in range(600))
        wire.send(b"GET /bare HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n")
        assert_problem(await wire.answer(), 431, "too-large")


async def test_a_long_target_is_answered_431(server: Target) -> None:
    answer = await server.ask(b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert_problem(answer, 431, "too-large")


async def test_a_large_body_is_not_taken_for_a_large_head(server: Target) -> None:
    async with server.wire() as wire:
        for _ in range(2):
            wire.send(_POST + b"Content-Length: 1000000\r\n\r\n" + b"a" * 1_000_000)
            answer = await wire.answer()
            assert answer.status == 201
            assert b'"bytes":1000000' in answer.body


async def test_trailers_join_no_head(server: Target) -> None:
    answer = await server.ask(
        _POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Late: yes\r\n\r\n"
    )
    assert b'"late":""' in answer.body


async def test_trailers_without_an_end_are_answered_431(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(_POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
        await asyncio.sleep(0.1)
        wire.send(b"".join(b"X-%d: a\r\n" % number for number in range(5000)))
        assert_problem(await wire.answer(), 431, "too-large")


async def test_requests_in_a_row_are_answered_in_order(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(b"GET /slow?seconds=0.2 HTTP/1.1\r\nHost: x\r\n\r\n" + BARE + BARE)
        assert (await wire.answer()).body == b"slow"
        assert b"pid" in (await wire.answer()).body
        assert b"pid" in (await wire.answer()).body


async def test_too_many_requests_in_a_row_close_the_connection(small_server: Target) -> None:
    async with small_server.wire() as wire:
        wire.send(b"GET /slow?seconds=1 HTTP/1.1\r\nHost: x\r\n\r\n" + BARE * 8)
        assert await wire.rest() == b""


async def test_garbage_behind_an_unfinished_answer_does_not_mix_with_it(server: Target) -> None:
    async with server.wire() as wire:
        wire.send(_STREAM)
        await wire.reader.readuntil(b"retry: 2000\n\n")
        wire.send(b"GARBAGE\r\n\r\n")
        assert b"HTTP/1.1" not in await wire.rest()


async def test_an_offer_to_upgrade_is_ignored(server: Target) -> None:
    answer = await server.ask(
        b"GET /bare HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    assert answer.status == 200


async def test_a_stream_with_a_request_behind_it_hears_that_its_client_left() -> None:
    with target() as own:
        async with own.wire() as connection:
            connection.send(_STREAM)
            await connection.reader.readuntil(b"retry: 2000\n\n")
            connection.send(BARE)
            await asyncio.sleep(0.1)
        assert await own.hears("stream over")
        own.terminate()
        assert (await own.exit())[2] == ""


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    with target(limits={"write_seconds": 0.5}) as own:
        async with own.wire(limit=1024) as wire:
            wire.send(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await own.hears("flood over")


@pytest.mark.parametrize("shown", [False, True])
async def test_what_leaves_the_application_is_answered_500(shown: bool) -> None:
    with target(shows_causes=shown) as own:
        answer = await own.ask(b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
        assert_problem(answer, 500, "internal")
        assert answer.problem.get("cause") == ("ZeroDivisionError()" if shown else None)
        own.terminate()
        code, _, complained = await own.exit()
        assert code == 0
        assert "ZeroDivisionError" in complained


async def test_connections_beyond_the_limit_are_answered_503_at_once(small_server: Target) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            held = await stack.enter_async_context(small_server.wire())
            held.send(_STREAM)
            await held.reader.readuntil(b"retry: 2000\n\n")
        began = time.monotonic()
        answer = await small_server.ask(BARE)
        assert time.monotonic() - began < 0.5
        assert_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"
        async with small_server.wire(), small_server.wire() as twelfth:
            twelfth.send(BARE)
            assert await twelfth.rest() == b""
    async with asyncio.timeout(5):
        while (await small_server.ask(BARE)).status != 200:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def test_fault_32_a_hundred_half_open_connections_harm_nobody(server: Target) -> None:
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(server.wire()) for _ in range(100)]
        for number, one in enumerate(slow):
            half = _POST + b"Content-Length: 9\r\n\r\na" if number % 2 else BARE[:-2]
            one.send(half)
        took = []
        async with server.wire() as good:
            for _ in range(50):
                began = time.monotonic()
                good.send(BARE)
                assert (await good.answer()).status == 200
                took.append(time.monotonic() - began)
        assert sorted(took)[47] < 0.1
        for one in slow:
            assert (await one.answer()).status == 408
