"""An issuer on a network of its own: it answers, counts, and fails in the ways that are asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx2

from cortex_adapters.auth0.keys.cache import KeyCache
from cortex_adapters.auth0.keys.documents import open_documents
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core.ports import Telemetry

Answer = tuple[int, Mapping[str, str], bytes]


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    """Make an answer; what is not bytes goes out as JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, named, body if isinstance(body, bytes) else json.dumps(body).encode()


class Tenant:
    """Publishes *keys* at an address that only its own transport reaches."""

    def __init__(self, issuer: str, *keys: object) -> None:
        self.issuer = issuer
        self.keys = list(keys)
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.discovery: dict[str, Any] = {
            "issuer": issuer,
            "jwks_uri": f"{issuer}.well-known/jwks.json",
        }
        self.answer: Answer | None = None
        """Instead of the keys."""
        self.answer_discovery: Answer | None = None
        self.broken: Exception | None = None
        """Raised instead of an answer."""
        self.gate: asyncio.Event | None = None
        """Nothing is answered before it is set."""

    @property
    def discoveries(self) -> int:
        return sum(url.endswith("/openid-configuration") for url in self.asked)

    @property
    def fetches(self) -> int:
        """How often the keys were asked for."""
        return len(self.asked) - self.discoveries

    def down(self, status: int = 500, **headers: str) -> None:
        self.answer = answer(status, **headers)

    def up(self) -> None:
        self.answer = self.answer_discovery = None

    def publish(self, *keys: object) -> None:
        self.keys = list(keys)

    def claim(self, **metadata: object) -> None:
        self.discovery |= metadata

    @contextmanager
    def hold(self) -> Iterator[None]:
        self.gate = asyncio.Event()
        yield
        self.gate.set()

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        status, headers, body = self._answer(str(request.url))

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 4096):
                yield body[start : start + 4096]

        return httpx2.Response(status, headers=headers, content=pieces())

    def _answer(self, url: str) -> Answer:
        if url.endswith("/.well-known/openid-configuration"):
            return self.answer_discovery or answer(200, self.discovery)
        if self.broken is not None:
            raise self.broken
        return self.answer or answer(200, {"keys": self.keys}, **self.headers)

    @asynccontextmanager
    async def cache(
        self,
        clock: Callable[[], float],
        telemetry: Telemetry | None = None,
        algorithms: frozenset[str] = frozenset({"RS256"}),
        patience: float = 5,
    ) -> AsyncIterator[KeyCache]:
        """Give a cache that asks this tenant through the real client, without jitter."""
        async with open_documents(httpx2.MockTransport(self)) as documents:
            cache = KeyCache(
                self.issuer,
                algorithms,
                documents,
                telemetry=telemetry or MemoryTelemetry(),
                clock=clock,
                patience=patience,
                jitter=lambda: 0,
            )
            yield cache
            await cache.aclose()
