"""`cortex serve`, as the process it is."""

import asyncio
import json
import os
import signal
import socket
import sys
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cortex_adapters.postgres import schema

Serve = Callable[..., Awaitable[Process]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Start `cortex serve` with a test's own settings; what is left of it ends with the test."""
    processes: list[Process] = []
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CORTEX_")}

    async def start(*arguments: str, **settings: str) -> Process:
        own = {f"CORTEX_{name.upper()}": text for name, text in settings.items()}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cortex_adapters.cli.main", "serve", *arguments),
            cwd=tmp_path,
            env=kept | own,
            stdout=PIPE,
            stderr=PIPE,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
def port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


async def ended(process: Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def first_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode()


async def ready(port: str) -> None:
    def ask() -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready") as answer:
            body: bytes = answer.read()
        return body

    async with asyncio.timeout(30):
        while True:
            with suppress(OSError):
                assert await asyncio.to_thread(ask) == b'{"status":"ok"}'
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("url", ["memory:", "sqlite:///./own.db"])
async def test_it_says_where_it_listens_and_leaves_when_told(serve: Serve, port: str, url: str):
    process = await serve("--port", port, port="1", database_url=url)
    assert await first_line(process) == (
        f"Cortex Core 0.1.0 on http://127.0.0.1:{port} (development, {url})\n"
    )
    await ready(port)
    process.send_signal(signal.SIGTERM)
    code, out, err = await ended(process)
    assert (code, out) == (0, "")
    assert "Traceback" not in err


async def test_workers_share_a_port_on_postgres(serve: Serve, port: str, fresh_database: str):
    await schema.upgrade(fresh_database)
    process = await serve(
        "--port", port, "--workers", "2", database_url=fresh_database, log_format="json"
    )
    assert (await first_line(process)).rstrip().endswith(", 2 processes)")
    assert process.stderr is not None
    lines: list[dict[str, object]] = []
    async with asyncio.timeout(30):
        while len(lines) < 2:
            line = json.loads(await process.stderr.readline())
            lines += [line] if line["event"] == "server.listening" else []
    await ready(port)
    process.send_signal(signal.SIGTERM)
    code, out, err = await ended(process)
    assert (code, out) == (0, "")
    # a busy machine may block a loop
    assert {json.loads(line)["event"] for line in err.splitlines()} <= {"loop.blocked"}
    assert {line["worker"] for line in lines} == {0, 1}, "which of them said it"


async def test_who_reads_json_is_told_where_it_listens_in_development_too(serve: Serve, port: str):
    process = await serve("--port", port, database_url="memory:", log_format="json")
    assert await first_line(process)
    await ready(port)
    process.send_signal(signal.SIGTERM)
    code, _, err = await ended(process)
    assert code == 0
    [line] = [json.loads(line) for line in err.splitlines()]
    assert (line["event"], line["port"]) == ("server.listening", int(port))
    assert "worker" not in line


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_who_is_told_to_leave_while_still_starting_leaves_well(
    serve: Serve, port: str, fresh_database: str, workers: str
):
    await schema.upgrade(fresh_database)
    for tenths in range(1, 7):
        process = await serve("--port", port, "--workers", workers, database_url=fresh_database)
        await asyncio.sleep(tenths / 10)
        process.send_signal(signal.SIGTERM)
        code, _, err = await ended(process)
        assert (tenths, code, err.count("Traceback")) == (tenths, 0, 0)


async def test_a_signal_for_the_log_or_the_keys_does_not_end_a_start(serve: Serve, port: str):
    process = await serve("--port", port, database_url="memory:")
    for _ in range(10):
        await asyncio.sleep(0.1)
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGUSR2)
    await ready(port)
    process.send_signal(signal.SIGTERM)
    assert (await ended(process))[0] == 0


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_schema_that_is_behind_stops_the_start(
    serve: Serve, port: str, fresh_database: str, workers: str
):
    process = await serve("--port", port, "--workers", workers, database_url=fresh_database)
    code, out, err = await ended(process)
    assert (code, out.startswith("Cortex Core")) == (1, False)
    assert err.startswith("cortex: Schema mismatch: The schema of the database is at step 0")
    assert err.endswith(".\nRun: cortex db upgrade\n")
    assert err.count("cortex db upgrade") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_database_that_is_away_stops_the_start(serve: Serve, port: str, workers: str):
    url = "postgresql://u:hunter2@127.0.0.1:1/x"
    process = await serve("--port", port, "--workers", workers, database_url=url)
    code, _, err = await ended(process)
    assert code == 1
    assert err.startswith(
        "cortex: Dependency unavailable: postgresql://127.0.0.1:1/x cannot be reached.\n"
    )
    assert "Traceback" not in err
    assert "hunter2" not in err


async def test_a_port_in_use_is_one_line(serve: Serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = await ended(await serve("--port", port))
    assert (code, out) == (1, "")
    assert err == (
        f"cortex: 127.0.0.1:{port} is in use by another program; choose another port with --port.\n"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
async def test_an_address_of_another_machine_is_one_line(serve: Serve, port: str, host: str):
    code, _, err = await ended(await serve("--host", host, "--port", port))
    assert code == 1
    assert err.startswith(f"cortex: {host}")
    assert err.endswith("is no address of this machine.\n")
    assert err.count("\n") == 1


async def test_one_server_for_one_file(serve: Serve, port: str):
    first = await serve("--port", port)
    await first_line(first)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = str(probe.getsockname()[1])
    code, _, err = await ended(await serve("--port", other))
    assert code == 1
    assert err.startswith("cortex: Busy: ./cortex.db: another server is using this file.\n")


@pytest.mark.parametrize("option", ["--port", "--workers", "--host"])
async def test_a_wrong_option_is_named(serve: Serve, option: str):
    code, _, err = await ended(await serve(option, "a b"))
    assert code == 2
    assert err.startswith(f"cortex: Invalid settings:\n  {option}: must ")


async def test_settings_without_effect_are_told(serve: Serve, port: str):
    process = await serve("--port", port, cors_origins="https://a.example", log_format="json")
    await first_line(process)
    process.send_signal(signal.SIGTERM)
    code, _, err = await ended(process)
    assert code == 0
    events = {line["event"]: line for line in map(json.loads, err.splitlines())}
    assert events["settings.without_effect"]["names"] == "CORTEX_CORS_ORIGINS"


async def test_development_for_all_to_reach_is_told(serve: Serve, port: str):
    process = await serve("--port", port, host="0.0.0.0", log_format="json")
    await first_line(process)
    process.send_signal(signal.SIGTERM)
    _, _, err = await ended(process)
    events = {line["event"]: line for line in map(json.loads, err.splitlines())}
    assert events["development.exposed"]["level"] == "warning"
