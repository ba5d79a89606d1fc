"""How a process starts and leaves: everybody is seen out, in time, and nobody twice."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack

import pytest

from tests.unit.uvicorn.wire import BARE, LAST_CHUNK, TARGET, Target, Wire, process, target

_STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
_STUBBORN = b"GET /stream?stubborn=true HTTP/1.1\r\nHost: x\r\n"
_POST = b"POST /body HTTP/1.1\r\nHost: x\r\n"


async def _open_stream(own: Target, stack: AsyncExitStack, request: bytes = _STREAM) -> Wire:
    wire = await stack.enter_async_context(own.wire())
    wire.send(request)
    await wire.reader.readuntil(b"retry: 2000\n\n")
    return wire


async def _rests(wires: Iterable[Wire], seconds: float = 10) -> list[bytes]:
    return list(await asyncio.gather(*(wire.rest(seconds) for wire in wires)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_streams_end_well_and_requests_in_flight_are_answered(number: int) -> None:
    with target() as own:
        async with AsyncExitStack() as stack:
            streams = [await _open_stream(own, stack) for _ in range(50)]
            slow = [await stack.enter_async_context(own.wire()) for _ in range(10)]
            for wire in slow:
                wire.send(b"GET /slow?seconds=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            half = await stack.enter_async_context(own.wire())
            half.send(_POST + b"Content-Length: 10\r\n\r\nabc")
            idle = await stack.enter_async_context(own.wire())
            idle.send(BARE)
            await idle.answer()
            await asyncio.sleep(0.2)
            began = time.monotonic()
            own.process.send_signal(number)
            await asyncio.sleep(0.4)
            half.send(b"defghij")
            late = await half.answer()
            assert (late.status, late.headers["connection"]) == (201, "close")
            for end in await _rests(streams):
                assert end.endswith(b"event: goodbye\ndata: {}\n\n\r\n" + LAST_CHUNK)
            for wire in slow:
                answer = await wire.answer()
                assert (answer.status, answer.body) == (200, b"slow")
            assert await idle.rest() == b""
            code, said, complained = await own.exit()
        assert 1 <= time.monotonic() - began + 0.2 < 4
        assert code == 0
        assert said[0] == "draining"
        assert said[-2:] == ["stopped", "returned"]
        assert complained == ""


async def test_a_new_connection_is_refused_while_others_finish() -> None:
    with target() as own:
        async with own.wire() as slow:
            slow.send(b"GET /slow?seconds=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.2)
            own.terminate()
            await asyncio.sleep(0.3)
            with pytest.raises(ConnectionRefusedError):
                await own.ask(BARE)
            assert (await slow.answer()).status == 200
        assert (await own.exit())[0] == 0


async def test_while_balancers_take_notice_new_connections_are_served_once_each() -> None:
    with target(notice_seconds=0.5) as own:
        own.terminate()
        assert await own.hears("draining")
        answer = await own.ask(BARE)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert (await own.exit())[0] == 0


async def test_a_request_that_crosses_the_signal_is_answered() -> None:
    with target() as own:
        async with own.wire() as wire:
            wire.send(BARE)
            await wire.answer()
            own.terminate()
            wire.send(BARE)
            assert (await wire.answer()).status == 200
        assert (await own.exit())[0] == 0


async def test_what_does_not_end_is_ended_at_the_deadline() -> None:
    with target(drain_seconds=1.0) as own:
        async with AsyncExitStack() as stack:
            events = _STUBBORN + b"Accept: text/event-stream\r\n\r\n"
            stream = await _open_stream(own, stack, events)
            download = await _open_stream(own, stack, _STUBBORN + b"\r\n")
            hung = await stack.enter_async_context(own.wire())
            hung.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.2)
            began = time.monotonic()
            own.terminate()
            answer = await hung.answer()
            assert answer.status == 503
            assert answer.problem["code"] == "outcome-unknown"
            assert answer.problem["retryable"] is ("retry-after" in answer.headers) is False
            assert (await stream.rest()).endswith(LAST_CHUNK)
            # what is not known to be events must look cut short
            assert not (await download.rest()).endswith(LAST_CHUNK)
            code, said, _ = await own.exit()
        assert 0.9 < time.monotonic() - began < 2.7
        assert code == 0
        assert said[-2:] == ["stopped", "returned"]


async def test_half_open_connections_do_not_hold_up_the_leaving() -> None:
    with target() as own:
        async with AsyncExitStack() as stack:
            for _ in range(20):
                (await stack.enter_async_context(own.wire())).send(BARE[:-2])
            began = time.monotonic()
            own.terminate()
            assert (await own.exit())[0] == 0
        assert time.monotonic() - began < 2


async def test_a_second_signal_stops_at_once() -> None:
    with target() as own:
        async with own.wire() as wire:
            wire.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.2)
            own.terminate()
            assert await own.hears("draining")
            began = time.monotonic()
            own.terminate()
            code, said, complained = await own.exit()
        assert time.monotonic() - began < 1
        assert code == 1
        assert "stopped" not in said
        assert complained == ""


async def test_a_process_that_hangs_is_ended_and_says_where() -> None:
    with target(drain_seconds=0.1) as own:
        async with own.wire() as wire:
            wire.send(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.2)
            began = time.monotonic()
            own.terminate()
            code, _, complained = await own.exit()
        assert time.monotonic() - began < 4
        assert code == 1
        assert "in stuck" in complained


async def test_a_start_that_fails_raises_what_the_application_raised() -> None:
    with process(TARGET, {"broken_start": True}) as started:
        code, said, complained = await Target(started, 0).exit()
    assert code == 1
    assert said == ["starting", "failed: no database here"]
    assert complained == ""


async def test_a_signal_during_the_start_gives_it_up() -> None:
    with process(TARGET, {"start_seconds": 60}) as started:
        own = Target(started, 0)
        assert await own.hears("starting")
        own.terminate()
        code, said, complained = await own.exit(5)
    assert code == 0
    assert said == ["returned"]
    assert complained == ""


async def test_an_address_that_is_taken_raises_before_the_application_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with process(TARGET, {"port": taken.getsockname()[1]}) as started:
            code, said, complained = await Target(started, 0).exit()
    assert code == 1
    assert said == []
    assert complained.splitlines()[-1].startswith("OSError: [Errno 98]")
