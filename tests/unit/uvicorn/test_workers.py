"""Several processes on one socket: kept up, and seen out together."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager, suppress

import msgspec

from tests.unit.uvicorn.wire import BARE, LAST_CHUNK, TARGET, Target, process

_SUPERVISOR = """
import json, sys
from cortex_adapters.uvicorn.workers import supervise

def say(host, port):
    print("serving", port, flush=True)

command = json.loads(sys.argv[1])["command"]
sys.exit(supervise(command, host="127.0.0.1", port=0, workers=2, started=say))
"""


def _starting(**plan: object) -> AbstractContextManager[subprocess.Popen[str]]:
    command = [*TARGET, json.dumps(plan)]
    return process([sys.executable, "-c", _SUPERVISOR], {"command": command})


@contextmanager
def _supervised(**plan: object) -> Iterator[Target]:
    with _starting(**plan) as started:
        assert started.stdout is not None
        words = ["starting"]
        while words[0] != "serving":
            words = started.stdout.readline().split()
        yield Target(started, int(words[1]))


class Process(msgspec.Struct):
    """What the small application says of itself."""

    pid: int


async def _pid(own: Target) -> int:
    answer = await own.ask(BARE)
    return msgspec.json.decode(answer.body, type=Process).pid


async def _until_served(own: Target, count: int) -> set[int]:
    """The pids that answer, once there are *count*."""
    pids: set[int] = set()
    async with asyncio.timeout(10):
        while len(pids) < count:
            with suppress(ConnectionError):
                pids.add(await _pid(own))
            await asyncio.sleep(0.02)
    return pids


async def _until_gone(pid: int) -> None:
    async with asyncio.timeout(10):
        with suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                await asyncio.sleep(0.05)


async def test_a_process_that_dies_is_replaced_and_nobody_is_refused_meanwhile() -> None:
    with _supervised() as own:
        before = await _until_served(own, 2)
        os.kill(min(before), signal.SIGKILL)
        seen: set[int] = set()
        async with asyncio.timeout(10):
            while not seen - before:
                with suppress(ConnectionResetError):  # taken by the dying one
                    seen.add(await _pid(own))
        own.terminate()
        assert (await own.exit())[0] == 0


async def test_all_see_everybody_out_on_one_signal() -> None:
    with _supervised() as own:
        pids = await _until_served(own, 2)
        async with AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(own.wire()) for _ in range(20)]
            for wire in wires:
                wire.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
                await wire.reader.readuntil(b"retry: 2000\n\n")
            own.terminate()
            for wire in wires:
                assert (await wire.rest()).endswith(LAST_CHUNK)
        code, said, complained = await own.exit()
        assert code == 0
        assert said.count("stopped") == 2
        assert complained == ""
        for pid in pids:
            await _until_gone(pid)


async def test_a_second_signal_kills() -> None:
    with _supervised() as own:
        pids = await _until_served(own, 2)
        async with own.wire() as wire:
            wire.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.2)
            own.terminate()
            assert await own.hears("draining")
            began = time.monotonic()
            own.terminate()
            assert (await own.exit())[0] == 1
        assert time.monotonic() - began < 2
        for pid in pids:
            await _until_gone(pid)


async def test_a_start_that_never_succeeds_is_given_up_with_its_code() -> None:
    with _starting(dies_at_once=True) as process:
        said, _ = await asyncio.to_thread(process.communicate, timeout=30)
        assert (process.returncode, said) == (3, "")


async def test_it_says_that_it_serves_once_somebody_answers() -> None:
    began = time.monotonic()
    with _supervised(start_seconds=1.5) as own:
        assert time.monotonic() - began > 1.5
        assert (await own.ask(BARE)).status == 200
        own.terminate()
        code, said, _ = await own.exit()
        assert (code, "serving" in said) == (0, False)


async def test_a_start_that_fails_slowly_never_says_that_it_serves() -> None:
    with _starting(broken_start=True, start_seconds=0.5) as process:
        await asyncio.sleep(3)
        process.terminate()
        said, _ = await asyncio.to_thread(process.communicate, timeout=30)
        assert "failed: no database here" in said
        assert "serving" not in said


async def test_processes_leave_when_their_supervisor_is_killed() -> None:
    with _supervised() as own:
        pids = await _until_served(own, 2)
        own.process.kill()
        for pid in pids:
            await _until_gone(pid)
