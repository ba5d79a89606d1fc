"""Compare HTTP servers side by side, in one run, on one bare application, on loopback.

    python -m bench.http_servers [--rounds 5] [--streams 2000] [--json FILE]

Stock servers run as their commands do. `told` means that the application hears of SIGTERM when it
comes, so that its streams can end.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import resource
import statistics
import sys
from pathlib import Path

import msgspec

from bench import http_load, http_manners
from bench.http_process import Server, cpu_seconds, running

_UVICORN = "uvicorn --factory bench.bare:create --port {port} --loop uvloop --http httptools"
_GRANIAN = (
    "granian --factory bench.bare:create --port {port} --loop uvloop --interface asgi --http 1"
)
SERVERS = (
    Server("uvicorn", "uvicorn", (*_UVICORN.split(), "--no-access-log", "--log-level", "critical")),
    Server("uvicorn, ours", "uvicorn", ("bench.bare_serve", "{port}")),
    Server("granian", "granian", (*_GRANIAN.split(), "--no-ws", "--no-log", "--backlog", "8192")),
    Server("granian, told", "granian", ("bench.bare_granian", "{port}")),
)
_HUGE = b"GET /bare HTTP/1.1\r\nHost: x\r\nX-Huge: " + b"a" * 2**20 + b"\r\n\r\n"
_GARBAGE = b"\x16\x03\x01 garbage\r\n\r\n"


class Result(msgspec.Struct, kw_only=True):
    """What one server did; the lists hold one value per round."""

    server: str
    rates: list[float] = msgspec.field(default_factory=list[float])
    cpu_us: list[float] = msgspec.field(default_factory=list[float])
    work_rates: list[float] = msgspec.field(default_factory=list[float])
    kib_per_stream: float = 0.0
    leaving: http_manners.Leaving | None = None
    half_head_seconds: float | None = None
    huge_head: str = ""
    garbage: str = ""


def _speed(server: Server, result: Result, seconds: int = 2) -> None:
    with running(server) as (process, port):
        http_load.throughput(port, "/bare", seconds=1)
        before = cpu_seconds(process.pid)
        rate = http_load.throughput(port, "/bare", seconds=seconds)
        used = cpu_seconds(process.pid) - before
        result.work_rates.append(http_load.throughput(port, "/work", seconds=seconds))
    result.rates.append(rate)
    result.cpu_us.append(used / (rate * seconds) * 1e6)


def _manners(server: Server, result: Result, streams: int) -> None:
    with running(server) as (process, port):
        http_load.throughput(port, "/bare", seconds=1)
        result.kib_per_stream = asyncio.run(http_manners.kib_per_stream(process.pid, port, streams))
    with running(server) as (process, port):
        result.huge_head = asyncio.run(http_manners.answer(port, _HUGE))
        result.garbage = asyncio.run(http_manners.answer(port, _GARBAGE))
        result.half_head_seconds = asyncio.run(http_manners.half_head(port))
        result.leaving = asyncio.run(http_manners.leaving(process, port))


def compare(rounds: int, streams: int) -> list[Result]:
    """Measure each server that is installed; speed in turns, so that drift hits all alike."""
    servers = [one for one in SERVERS if importlib.util.find_spec(one.module)]
    for absent in sorted({one.module for one in SERVERS} - {one.module for one in servers}):
        print(f"{absent} is left out: it is not installed (pip install {absent})")
    results = [Result(server=server.name) for server in servers]
    for _ in range(rounds):
        for server, result in zip(servers, results, strict=True):
            _speed(server, result)
    for server, result in zip(servers, results, strict=True):
        _manners(server, result, streams)
    return results


def _cells(one: Result, first: Result) -> dict[str, str]:
    rate, cpu = statistics.median(one.rates), statistics.median(one.cpu_us)
    work = statistics.median(one.work_rates)
    left, half = one.leaving, one.half_head_seconds
    exited = left is not None and left.seconds is not None
    return {
        "": one.server,
        "bare route, requests a second": f"{rate:.0f}",
        "  against the first": f"{rate / statistics.median(first.rates):.2f}",
        "processor time a request": f"{cpu:.1f} us",
        "  of the first's": f"{cpu / statistics.median(first.cpu_us):.2f}",
        "with 300 us of work, a second": f"{work:.0f}",
        "  against first": f"{work / statistics.median(first.work_rates):.2f}",
        "memory an idle stream": f"{one.kib_per_stream:.1f} KiB",
        "SIGTERM with 50 streams: exit": f"{left.seconds:.1f} s" if exited and left else "> 15 s",
        "  code": str(left.code) if exited and left else "-",
        "  streams with their last chunk": left.ended if left else "-",
        "half a head is closed": "> 12 s" if half is None else f"{half:.1f} s",
        "head of 1 MiB": one.huge_head,
        "garbage": one.garbage,
    }


def main() -> None:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description="Compare HTTP servers on one bare application.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    python = sys.version.split()[0]
    print(f"Python {python}, {os.cpu_count()} cores, load by {http_load.tool()}")
    results = compare(asked.rounds, asked.streams)
    columns = [_cells(one, results[0]) for one in results]
    for label in columns[0]:
        print(f"{label:<32}" + "".join(f"{column[label]:<30}" for column in columns).rstrip())
    if asked.json:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")


if __name__ == "__main__":
    main()
