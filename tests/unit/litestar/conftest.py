"""An application on a core in memory, with a scene in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from litestar import Litestar

from cortex_adapters.litestar.app import Service, WebConfig, create_app
from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.sign_on import MemorySignOn
from cortex_core import Cortex, Ports
from tests.unit.litestar.asgi import Client
from tests.unit.services.scene import Clock, Link, Scene, set_scene

CONFIG = WebConfig(
    docs_url="https://docs.example",
    development=False,
    public_url="https://cortex.example",
    issuer="https://issuer.example/",
    audience="https://cortex.example/api",
    environment="test",
    version="1.2.3",
    sign_on=True,
    proof_algorithms=("ES256",),
)
PEOPLE = ("owner", "editor", "viewer", "guest", "stranger")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def identity(clock: Clock) -> MemoryIdentityProvider:
    return MemoryIdentityProvider(clock=clock)


@pytest.fixture
def sign_on(clock: Clock, identity: MemoryIdentityProvider) -> MemorySignOn:
    return MemorySignOn(identity, clock=clock)


@pytest.fixture
def ports(
    link: Link, clock: Clock, identity: MemoryIdentityProvider, sign_on: MemorySignOn
) -> Ports:
    return ports_around(
        link,
        clock=clock,
        identity=identity,
        assistant=EchoAssistant(delay=0),
        sign_on=sign_on,
    )


@pytest.fixture
async def scene(ports: Ports, identity: MemoryIdentityProvider) -> Scene:
    """The scene; each person's name is its token."""
    scene = await set_scene(Cortex(ports))
    for name in PEOPLE:
        identity.add(name, getattr(scene, name))
    return scene


class Stage:
    """One application for all tests, since it is made slowly; each puts its own core behind it."""

    def __init__(self) -> None:
        self.cortex: Cortex | None = None
        self.app = create_app(self.open_service, CONFIG)

    @asynccontextmanager
    async def open_service(self) -> AsyncIterator[Service]:
        assert self.cortex is not None
        yield Service(cortex=self.cortex, metrics=self.metrics)

    @staticmethod
    async def metrics() -> bytes:
        return b"up 1\n"


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def app(stage: Stage, scene: Scene) -> AsyncIterator[Litestar]:
    stage.cortex = scene.cortex
    async with stage.app.lifespan():
        yield stage.app


@pytest.fixture
def api(app: Litestar) -> Client:
    """The editor, asking."""
    return Client(app, "editor")
