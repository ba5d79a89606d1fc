"""Metrics: for whoever may read them, and for the scraper."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from litestar import Litestar
from msgspec.structs import replace

from cortex_adapters.litestar.app import Service, create_app
from cortex_adapters.memory.identity import MemoryIdentityProvider
from tests.unit.litestar.asgi import Client
from tests.unit.litestar.conftest import CONFIG
from tests.unit.litestar.problems import problem
from tests.unit.services.scene import Scene, someone

TOKEN = "a-token-for-metrics"


async def _page() -> bytes:
    return b"up 1\n"


@asynccontextmanager
async def _app(
    scene: Scene, *, development: bool = False, kept: bool = True
) -> AsyncIterator[Litestar]:
    @asynccontextmanager
    async def service() -> AsyncIterator[Service]:
        yield Service(
            cortex=scene.cortex,
            metrics=_page if kept else None,
            may_scrape=lambda token: token == TOKEN.encode(),
        )

    app = create_app(service, replace(CONFIG, development=development))
    async with app.lifespan():
        yield app


@pytest.fixture
async def reader(scene: Scene, identity: MemoryIdentityProvider) -> str:
    identity.add("reader", someone("reader", "read:metrics"))
    identity.add("other", someone("other", "read:messages"))
    return "reader"


async def test_the_token_is_enough(scene: Scene) -> None:
    async with _app(scene) as app:
        answer = await Client(app, TOKEN).get("/metrics")
    assert (answer.status, answer.body) == (200, b"up 1\n")
    assert answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"


async def test_so_is_the_permission(scene: Scene, reader: str) -> None:
    async with _app(scene) as app:
        assert (await Client(app, reader).get("/metrics")).status == 200
        refused = await Client(app, "other").get("/metrics")
    assert problem(refused, 403, "permission-denied")
    assert 'scope="read:metrics"' in (refused.header("www-authenticate") or "")


@pytest.mark.parametrize("token", ["", TOKEN + "x", TOKEN[:-1], "x"])
async def test_anything_else_is_refused(scene: Scene, token: str) -> None:
    async with _app(scene) as app:
        assert problem(await Client(app, token).get("/metrics"), 401, "unauthenticated")


async def test_the_token_opens_nothing_else(scene: Scene) -> None:
    async with _app(scene) as app:
        assert (await Client(app, TOKEN).get("/health")).status == 401
        assert (await Client(app, TOKEN).get("/v1/me")).status == 401


async def test_in_development_nothing_is_needed(scene: Scene) -> None:
    async with _app(scene, development=True) as app:
        assert (await Client(app).get("/metrics")).status == 200


async def test_the_document_and_its_page_say_so(scene: Scene) -> None:
    for development in (False, True):
        async with _app(scene, development=development) as app:
            document = (await Client(app).get("/openapi.json")).json()
            page = await Client(app).get("/docs")
        assert ({} in document["paths"]["/metrics"]["get"]["security"]) == development
        assert page.status == 200


async def test_where_none_are_kept_there_are_none(scene: Scene) -> None:
    async with _app(scene, kept=False) as app:
        assert problem(await Client(app, TOKEN).get("/metrics"), 404, "not-found")
