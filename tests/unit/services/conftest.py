"""A core on adapters in memory, and a scene to play in."""

import pytest

from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.memory.ports import ports_around
from cortex_core import Cortex, Ports
from tests.unit.services.scene import Clock, Link, Scene, set_scene
from tests.unit.services.workers import House, open_house


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def ports(link: Link, clock: Clock) -> Ports:
    return ports_around(link, clock=clock, assistant=EchoAssistant(delay=0))


@pytest.fixture
def cortex(ports: Ports) -> Cortex:
    return Cortex(ports)


@pytest.fixture
async def scene(cortex: Cortex) -> Scene:
    return await set_scene(cortex)


@pytest.fixture
async def house() -> House:
    return await open_house()
