"""`python -m bench`: routes, statements and streams against a bare route, in one run.

Prints a table of ratios and writes bench/results/latest.json. Needs Debian's `wrk`.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from bench import bare_database, pgbench, telling, wrk
from bench.client import Client
from bench.http_process import Server, running
from bench.statements import count_statements
from bench.streams import delivery_ms, idle_kib
from bench.tokens import verification_micros
from cortex_adapters.postgres import schema
from tests.postgres import fresh_database, running_postgres

ROUNDS = 3
SECONDS = 4
TALKS = 50
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Measure everything once, print it, and keep it."""
    if not wrk.available():
        print("The load comes from wrk: install it (Debian: apt-get install wrk).")
        return 2
    with running_postgres() as server, fresh_database(server) as conninfo:
        asyncio.run(_prepare(conninfo))
        result = _measure(conninfo)
    told = telling.measured()
    result["telling"] = msgspec.to_builtins(told)
    _show(result)
    telling.show(told)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


async def _prepare(conninfo: str) -> None:
    await schema.upgrade(conninfo)
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        await connection.execute(bare_database.SCHEMA)
        await connection.execute(bare_database.WRITE, (bare_database.KNOWN, "known"))


def _measure(conninfo: str) -> dict[str, object]:
    bare = Server("bare", "litestar", ["bench.bare_database", "{port}", conninfo])
    with (
        running(bare) as (_, bare_port),
        _cortex(conninfo) as (process, port),
        running(Server("open door", "cortex_adapters", ["bench.open_door", "{port}"])) as (_, door),
    ):
        ask = Client(port)
        workspace = ask.post("/v1/workspaces", {"name": "Bench"})["id"]
        talks = ask.conversations(workspace, TALKS)
        for _ in range(60):
            ask.post(f"{talks[0]}/messages", {"content": "hello " * 20})
        rates = _rounds(conninfo, bare_port, port, door, ask.headers, talks)
        quiet = ask.conversations(workspace, 1)[0]
        kib = asyncio.run(idle_kib(process.pid, port, quiet, ask.token))
        near = ask.conversations(workspace, TALKS)
        delay = asyncio.run(delivery_ms(port, near, ask.token))
        with _cortex(conninfo) as (_, other):
            far = ask.conversations(workspace, TALKS)
            across = asyncio.run(delivery_ms(port, far, ask.token, stream_port=other))
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "requests_per_second": rates,
        "ratios": _ratios(rates),
        "statements": dict(asyncio.run(count_statements(conninfo))),
        "verification_micros": asyncio.run(verification_micros()),
        "idle_stream_kib": kib,
        "delivery_ms": delay,
        "delivery_between_processes_ms": across,
    }


def _rounds(
    conninfo: str,
    bare_port: int,
    port: int,
    door: int,
    headers: Mapping[str, str],
    talks: list[str],
) -> dict[str, float]:
    """Return the median of some rounds, each of which measures everything in turn."""
    body = json.dumps({"content": "hello"})
    sending = {**headers, "Content-Type": "application/json"}
    messages = [f"{talk}/messages" for talk in talks]
    load = wrk.requests_per_second
    measures: dict[str, Callable[[], float]] = {
        "bare route": lambda: load(bare_port, ["/bare"], seconds=SECONDS),
        "bare read": lambda: load(bare_port, ["/read"], seconds=SECONDS),
        "bare write": lambda: load(bare_port, ["/write"], method="POST", seconds=SECONDS),
        "GET /v1/me": lambda: load(port, ["/v1/me"], headers=headers, seconds=SECONDS),
        "GET /v1/me, open": lambda: load(door, ["/v1/me"], headers=headers, seconds=SECONDS),
        "POST message": lambda: load(
            port, messages, method="POST", body=body, headers=sending, seconds=SECONDS
        ),
        "GET 50 messages": lambda: load(port, messages[:1], headers=headers, seconds=SECONDS),
        "pgbench read": lambda: pgbench.transactions_per_second(
            conninfo, pgbench.READ, seconds=SECONDS
        ),
        "pgbench write": lambda: pgbench.transactions_per_second(
            conninfo, pgbench.WRITE, seconds=SECONDS
        ),
    }
    found: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(ROUNDS):
        for name, measure in measures.items():
            found[name].append(measure())
            print(f"  round {number + 1}: {name}: {found[name][-1]:.0f}/s", flush=True)
    return {name: statistics.median(values) for name, values in found.items()}


def _ratios(rates: Mapping[str, float]) -> dict[str, float]:
    pairs = [
        ("GET /v1/me", "bare route"),
        ("GET /v1/me", "bare read"),
        ("GET /v1/me", "GET /v1/me, open"),
        ("POST message", "bare read"),
        ("POST message", "bare write"),
        ("GET 50 messages", "bare read"),
        ("bare read", "pgbench read"),
        ("bare write", "pgbench write"),
    ]
    return {f"{ours} / {theirs}": round(rates[ours] / rates[theirs], 3) for ours, theirs in pairs}


@contextmanager
def _cortex(conninfo: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run `cortex serve` on that database, quietly."""
    os.environ["CORTEX_DATABASE_URL"] = conninfo
    os.environ["CORTEX_LOG_LEVEL"] = "warning"
    arguments = ["cortex_adapters.cli.main", "serve", "--port", "{port}"]
    with running(Server("cortex", "cortex_adapters", arguments)) as (process, port):
        yield process, port


def _show(result: Mapping[str, Any]) -> None:
    print("\nrequests a second (median of", ROUNDS, "rounds)")
    for name, rate in result["requests_per_second"].items():
        print(f"  {name:<18}{rate:>9.0f}")
    print("\nratios")
    for name, ratio in result["ratios"].items():
        print(f"  {name:<32}{ratio:>6.2f}")
    print("\nstatements for each use case, BEGIN and COMMIT included")
    for name, count in result["statements"].items():
        print(f"  {name:<26}{count:>3}")
    print("\na token, microseconds")
    for name, micros in result["verification_micros"].items():
        print(f"  {name:<26}{micros:>7.1f}")
    print("\nstreams")
    print(f"  {result['idle_stream_kib']:.1f} KiB for each idle one")
    for name in ("delivery_ms", "delivery_between_processes_ms"):
        delay = result[name]
        print(f"  {name}: p50 {delay['p50']:.1f}, p99 {delay['p99']:.1f}, {TALKS} writers")


if __name__ == "__main__":
    sys.exit(main())
