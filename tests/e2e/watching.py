"""A real Prometheus and Alertmanager on loopback, with the files that we ship, in a hurry."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from deploy.observability.alerts import FOLDER, RULES
from tests.e2e.server import free_port
from tests.prometheus import alertmanager, tool

_START_SECONDS = 20
_EVERY = "1s"


@dataclass
class Webhook:
    """Takes what Alertmanager sends, at the path of each receiver."""

    port: int = field(default_factory=free_port)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def alerts(self, receiver: str, status: str) -> list[dict[str, Any]]:
        """Return the alerts that *receiver* was told to be `firing` or `resolved`."""
        return [
            alert
            for path, body in self.told
            for alert in body["alerts"]
            if (path, alert["status"]) == (f"/{receiver}", status)
        ]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Webhook"]:
        server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            size = int(head.partition("content-length: ")[2].split("\r\n")[0])
            body = json.loads(await reader.readexactly(size))
            self.told.append((head.split()[1], body))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()


@dataclass(frozen=True)
class Watch:
    """A running Prometheus, and what reached the receivers behind its Alertmanager."""

    url: str
    webhook: Webhook

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that *expression* has now."""
        answer = await self._get("query", query=expression)
        found: list[dict[str, Any]] = answer["result"]
        return found

    async def targets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._get("targets"))["activeTargets"]
        return found

    async def _get(self, what: str, **asked: str) -> dict[str, Any]:
        async with httpx2.AsyncClient() as client:
            answer = await client.get(f"{self.url}/api/v1/{what}", params=asked)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data


@asynccontextmanager
async def watching(folder: Path, port: int, token: str) -> AsyncIterator[Watch]:
    """Watch the server on *port*, which gives its metrics to whoever shows *token*."""
    prometheus, manager = free_port(), free_port()
    async with AsyncExitStack() as stack:
        webhook = await stack.enter_async_context(Webhook().listening())
        (folder / "metrics-token").write_text(token)
        (folder / RULES.name).write_text(_hurried(RULES.read_text(encoding="utf-8")))
        (folder / "prometheus.yml").write_bytes(_scraping(port, manager))
        routes = FOLDER / "alertmanager" / "alertmanager.yml"
        (folder / routes.name).write_text(_routed(routes.read_text("utf-8"), webhook.port))
        await stack.enter_async_context(
            _running(
                *(*alertmanager(), f"--config.file={folder / routes.name}"),
                *(f"--storage.path={folder}/alerts", "--cluster.listen-address="),
                f"--web.listen-address=127.0.0.1:{manager}",
                log=folder / "alertmanager.log",
                port=manager,
            )
        )
        await stack.enter_async_context(
            _running(
                *(tool("prometheus"), f"--config.file={folder}/prometheus.yml"),
                *(f"--storage.tsdb.path={folder}/series", "--rules.alert.resend-delay=1s"),
                f"--web.listen-address=127.0.0.1:{prometheus}",
                log=folder / "prometheus.log",
                port=prometheus,
            )
        )
        yield Watch(f"http://127.0.0.1:{prometheus}", webhook)


def _hurried(rules: str) -> str:
    """Return *rules* that wait for nothing: what they ask is the same."""
    rules = re.sub(r"^( +)for: .*$", r"\1for: 0s", rules, flags=re.MULTILINE)
    return re.sub(r"^( +)interval: .*$", rf"\1interval: {_EVERY}", rules, flags=re.MULTILINE)


def _scraping(port: int, alertmanager: int) -> bytes:
    """Return the scrape configuration for the one server; there are no other exporters here."""
    path = FOLDER / "prometheus" / "prometheus.yml"
    asked = msgspec.yaml.decode(path.read_bytes())
    asked["global"] |= {"scrape_interval": _EVERY, "evaluation_interval": _EVERY}
    asked["global"]["scrape_timeout"] = _EVERY
    [job] = [job for job in asked["scrape_configs"] if job["job_name"] == "cortex"]
    job["static_configs"][0]["targets"] = [f"127.0.0.1:{port}"]
    asked["scrape_configs"] = [job]
    asked["alerting"]["alertmanagers"][0]["static_configs"] = [
        {"targets": [f"127.0.0.1:{alertmanager}"]}
    ]
    return msgspec.yaml.encode(asked)


def _routed(routes: str, port: int) -> str:
    routes = routes.replace("127.0.0.1:9095", f"127.0.0.1:{port}")
    return re.sub(r"(group_wait|group_interval): .*", r"\1: 1s", routes)


@asynccontextmanager
async def _running(*command: str, log: Path, port: int) -> AsyncIterator[None]:
    """Run *command* until it is ready on *port*, and end it afterwards."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=log.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        async with httpx2.AsyncClient() as client:
            for _ in range(_START_SECONDS * 20):
                if await _is_ready(client, port):
                    break
                assert process.returncode is None, f"it ended: see {log}"
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _is_ready(client: httpx2.AsyncClient, port: int) -> bool:
    try:
        answer = await client.get(f"http://127.0.0.1:{port}/-/ready")
    except httpx2.TransportError:
        return False
    return answer.status_code == 200
