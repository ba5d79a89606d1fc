"""`python -m bench.fanout`: from a post to its event in every stream, across processes.

Writers, processes and listeners in every combination, over NOTIFY and over Redis in turn, so that
what is compared was measured side by side. Each writer posts in a conversation of its own, at a
process of its own as far as there are as many; listeners are spread over all of both.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import product
from statistics import median
from uuid import uuid4

from bench.client import Client
from bench.http_process import Server, cpu_seconds, running
from bench.streams import fanned_ms
from cortex_adapters.postgres import schema
from tests.postgres import fresh_database, running_postgres
from tests.redis import running_redis

WRITERS = (2, 8)
PROCESSES = (1, 2, 4)
LISTENERS = (16, 160)
HEAD = (
    *("writers", "processes", "listeners", "carried by"),
    *("p50 ms", "p99 ms", "CPU us an event"),
)
POSTS = 24
PAUSE = 0.25
"""Seconds between two posts of one writer."""

Servers = list[tuple[int, int]]
"""The process and the port of each."""


def main() -> None:
    """Measure each combination over both, and print a line for each."""
    with ExitStack() as stack:
        conninfo = stack.enter_context(fresh_database(stack.enter_context(running_postgres())))
        asyncio.run(schema.upgrade(conninfo))
        redis = stack.enter_context(running_redis())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        carriers = {"NOTIFY": {}, "Redis": {"CORTEX_EVENTS_URL": redis.url}}
        print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
        ratios = []
        for processes in PROCESSES:
            with ExitStack() as inner:
                servers = {
                    name: inner.enter_context(_servers(name, processes, conninfo, folder, own))
                    for name, own in carriers.items()
                }
                for writers, listeners in product(WRITERS, LISTENERS):
                    found = {
                        name: _measured(each, writers, listeners) for name, each in servers.items()
                    }
                    for name, cell in found.items():
                        print(
                            f"| {writers} | {processes} | {listeners} | {name} | {cell['p50']:.1f} "
                            f"| {cell['p99']:.1f} | {cell['cpu']:.0f} |",
                            flush=True,
                        )
                    ratios.append(found["Redis"]["p50"] / found["NOTIFY"]["p50"])
        print(f"\nRedis beside NOTIFY, in the middle of all: {median(ratios):.2f}")


@contextmanager
def _servers(
    name: str, count: int, conninfo: str, folder: str, own: Mapping[str, str]
) -> Iterator[Servers]:
    environment = {"CORTEX_DATABASE_URL": conninfo, "CORTEX_LOG_LEVEL": "warning", **own}
    arguments = ["cortex_adapters.cli.main", "serve", "--port", "{port}"]
    with ExitStack() as stack:
        found: Servers = []
        for number in range(count):
            output = f"{folder}/{name}-{count}-{number}.log"
            server = Server(name, "cortex_adapters", arguments, environment, output)
            process, port = stack.enter_context(running(server))
            found.append((process.pid, port))
        yield found


def _measured(servers: Servers, writers: int, listeners: int) -> dict[str, float]:
    ports = [port for _, port in servers]
    client = Client(ports[0])
    workspace = client.post("/v1/workspaces", {"name": f"Bench {uuid4()}"})["id"]
    talks = client.conversations(workspace, writers)
    posting = [(ports[number % len(ports)], talk) for number, talk in enumerate(talks)]
    # one after the other through the ports, and a whole round of those through each conversation
    reading = [
        (ports[number % len(ports)], talks[number // len(ports) % writers])
        for number in range(listeners)
    ]
    before = sum(cpu_seconds(pid) for pid, _ in servers)
    found = asyncio.run(fanned_ms(posting, reading, client.token, posts=POSTS, pause=PAUSE))
    spent = sum(cpu_seconds(pid) for pid, _ in servers) - before
    return {**found, "cpu": spent / found["events"] * 1e6}


if __name__ == "__main__":
    main()
