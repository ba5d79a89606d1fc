"""What it costs to tell: the same requests with telemetry off, on, and on to a silent collector.

    python -m bench.telling [--rounds 5] [--seconds 3]

All servers run side by side, and each round asks each of them in turn, so that what else the
machine does falls on all alike. Needs Debian's `wrk`; with `opentelemetry-instrumentation-asgi`
installed, a bare route with and without that is measured, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Final

import msgspec

from bench import wrk
from bench.client import Client
from bench.http_process import Server, cpu_seconds, running
from cortex_adapters.postgres import schema
from tests.postgres import fresh_database, running_postgres

ROUNDS: Final = 5
SECONDS: Final = 3
TALKS: Final = 20
CALM: Final = 2
"""Connections for latency: as many as leave the server idle now and then."""
OFF: Final = {"OTEL_SDK_DISABLED": "true", "CORTEX_LOG_LEVEL": "warning"}
# As it comes: each request is in the log and in the metrics, and as many are traced as the bound on
# traces in a second allows.
ON: Final = {
    "OTEL_METRIC_EXPORT_INTERVAL": "5000",
    "CORTEX_LOG_LEVEL": "info",
    "NO_PROXY": "127.0.0.1",
}
ALL: Final = {**ON, "OTEL_TRACES_SAMPLER": "always_on"}
TENTH: Final = {
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.1",
}
MIDDLEWARE: Final = "opentelemetry.instrumentation.asgi"


class Cost(msgspec.Struct, frozen=True):
    """What one kind of request costs one server."""

    rate: float
    p99_ms: float
    cpu_us: float


Ask = Callable[[int, int], wrk.Load]
"""Puts load on a server for so many seconds, over so many connections."""


class Subject(msgspec.Struct, frozen=True):
    """A server that runs, and what it is asked."""

    pid: int
    asks: Mapping[str, Ask]


def measured(rounds: int = ROUNDS, seconds: int = SECONDS) -> dict[str, dict[str, Cost]]:
    """Return the medians of *rounds*, by server and by request."""
    found: dict[tuple[str, str], list[Cost]] = {}
    with _subjects() as subjects:
        for number in range(rounds + 1):
            for name, subject in subjects.items():
                for asked, ask in subject.asks.items():
                    cost = _cost(subject, ask, seconds if number else 1)
                    if number:  # the first warms up
                        found.setdefault((name, asked), []).append(cost)
            print(f"  round {number} of {rounds}", flush=True)
    result: dict[str, dict[str, Cost]] = {}
    for (name, asked), costs in found.items():
        result.setdefault(name, {})[asked] = Cost(
            *(statistics.median(getattr(each, field) for each in costs) for field in _FIELDS)
        )
    return result


_FIELDS: Final = ("rate", "p99_ms", "cpu_us")


def _cost(subject: Subject, ask: Ask, seconds: int) -> Cost:
    before = cpu_seconds(subject.pid)
    full = ask(seconds, 32)
    used = cpu_seconds(subject.pid) - before
    calm = ask(seconds, CALM)
    return Cost(full.rate, calm.p99_ms, 1e6 * used / (full.rate * seconds))


@contextmanager
def _subjects() -> Iterator[dict[str, Subject]]:
    with ExitStack() as stack:
        enter = stack.enter_context
        conninfo = enter(fresh_database(enter(running_postgres())))
        asyncio.run(schema.upgrade(conninfo))
        folder = enter(tempfile.TemporaryDirectory())
        (_, takes), (_, swallows) = (
            enter(running(Server(mode, "asyncio", ["bench.collector", "{port}", mode])))
            for mode in ("takes", "blackhole")
        )
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{takes}"}
        untold = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{swallows}"}
        kinds = {"off": OFF, "on": ON | told, "on, silent": ON | untold, "on, all": ALL | told}
        found = {
            name: enter(_cortex(name, conninfo, folder, environment))
            for name, environment in kinds.items()
        }
        if find_spec("opentelemetry.instrumentation") and find_spec(MIDDLEWARE):
            found |= {
                name: enter(_bare(name, arguments, told))
                for name, arguments in {
                    "bare": ["bench.bare_serve", "{port}"],
                    "bare, asgi": ["bench.bare_told", "{port}", "stock"],
                    "bare, asgi trimmed": ["bench.bare_told", "{port}", "trimmed"],
                }.items()
            }
        yield found


@contextmanager
def _cortex(
    name: str, conninfo: str, folder: str, environment: Mapping[str, str]
) -> Iterator[Subject]:
    own = {"CORTEX_DATABASE_URL": conninfo, "CORTEX_LOG_FORMAT": "json", **environment}
    arguments = ["cortex_adapters.cli.main", "serve", "--port", "{port}"]
    server = Server(name, "cortex_adapters", arguments, own, f"{folder}/{name}.log")
    with running(server) as (process, port):
        client = Client(port)
        workspace = client.post("/v1/workspaces", {"name": name})["id"]
        talks = [f"{each}/messages" for each in client.conversations(workspace, TALKS)]
        body = json.dumps({"content": "hello"})
        sending = {**client.headers, "Content-Type": "application/json"}
        yield Subject(
            process.pid,
            {
                "GET /v1/me": lambda seconds, connections: wrk.load(
                    port,
                    ["/v1/me"],
                    headers=client.headers,
                    connections=connections,
                    seconds=seconds,
                ),
                "POST message": lambda seconds, connections: wrk.load(
                    port,
                    talks,
                    method="POST",
                    body=body,
                    headers=sending,
                    connections=connections,
                    seconds=seconds,
                ),
            },
        )


@contextmanager
def _bare(name: str, arguments: list[str], told: Mapping[str, str]) -> Iterator[Subject]:
    sampled = {} if "trimmed" not in name else TENTH
    server = Server(name, "uvicorn", arguments, {**told, **sampled, "NO_PROXY": "127.0.0.1"})
    with running(server) as (process, port):
        yield Subject(
            process.pid,
            {
                "GET /bare": lambda seconds, connections: wrk.load(
                    port, ["/bare"], connections=connections, seconds=seconds
                )
            },
        )


def show(result: Mapping[str, Mapping[str, Cost]]) -> None:
    """Print *result*, each server beside the one that tells nothing."""
    print(f"\n{'':<34}{'a second':>9}{'ratio':>8}{'p99 ms':>9}{'CPU us':>9}{'more':>8}")
    for name, costs in result.items():
        base = result["bare" if name.startswith("bare") else "off"]
        for asked, cost in costs.items():
            first = base[asked]
            print(
                f"  {asked:<14}{name:<18}{cost.rate:>9.0f}{cost.rate / first.rate:>8.2f}"
                f"{cost.p99_ms:>9.2f}{cost.cpu_us:>9.0f}{cost.cpu_us - first.cpu_us:>8.0f}"
            )


def main() -> int:
    """Measure, and print."""
    if not wrk.available():
        print("The load comes from wrk: install it (Debian: apt-get install wrk).")
        return 2
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    asked = parser.parse_args()
    show(measured(asked.rounds, asked.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
