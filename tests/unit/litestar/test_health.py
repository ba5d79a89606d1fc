"""Whether a process can do its work, asked by machines and by people."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from litestar import Litestar

from cortex_adapters.litestar.app import Service, create_app, drain
from cortex_adapters.litestar.health import Check, Health
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.telemetry import MemoryTelemetry, Number
from cortex_core import Ports
from cortex_core.domain.errors import SchemaError, UnavailableError
from tests.unit.litestar.asgi import Client
from tests.unit.litestar.conftest import CONFIG
from tests.unit.litestar.problems import problem
from tests.unit.services.scene import Scene, without
from tests.unit.services.streams import following


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def _fine() -> None:
    return


async def _degraded() -> str:
    return "degraded"


async def _away() -> None:
    raise UnavailableError


async def _behind() -> None:
    raise SchemaError


async def _broken() -> None:
    raise ZeroDivisionError("secret")


async def _hangs() -> None:
    await asyncio.sleep(3600)


@asynccontextmanager
async def _checked(scene: Scene, checks: Mapping[str, Check]) -> AsyncIterator[Client]:
    @asynccontextmanager
    async def open_service() -> AsyncIterator[Service]:
        yield Service(cortex=scene.cortex, ready=checks)

    app = create_app(open_service, CONFIG)
    async with app.lifespan():
        yield Client(app, "editor")


async def test_a_process_that_runs_is_alive_whatever_it_depends_on(scene: Scene) -> None:
    async with _checked(scene, {"store": _away}) as api:
        answer = await api.who("").get("/health/live")
    assert (answer.status, answer.json()) == (200, {"status": "ok"})


async def test_ready_is_when_every_check_is_fine(scene: Scene) -> None:
    async with _checked(scene, {"store": _fine, "stream": _fine}) as api:
        answer = await api.who("").get("/health/ready")
    assert (answer.status, answer.json()) == (200, {"status": "ok"})


async def test_degraded_is_ready_and_is_shown(scene: Scene) -> None:
    async with _checked(scene, {"store": _fine, "identity": _degraded}) as api:
        assert (await api.who("").get("/health/ready")).status == 200
        details = (await api.get("/health")).json()
    assert details["checks"] == {"store": "ok", "identity": "degraded"}


async def test_not_ready_names_each_check_that_fails_and_no_more(scene: Scene) -> None:
    checks = {"store": _away, "identity": _fine, "schema": _behind}
    async with _checked(scene, checks) as api:
        found = problem(await api.who("").get("/health/ready"), 503, "dependency-unavailable")
    assert found["detail"] == "Not ready: store, schema."


async def test_not_ready_goes_back_to_the_first_check_that_fails(ports: Ports) -> None:
    health = Health({"store": _fine, "schema": _behind, "identity": _away}, ports)
    with pytest.raises(UnavailableError) as caught:
        await health.require_ready()
    assert isinstance(caught.value.__cause__, SchemaError)


async def test_a_check_that_breaks_is_a_check_that_fails(scene: Scene) -> None:
    async with _checked(scene, {"store": _broken, "stream": _fine}) as api:
        answer = await api.get("/health/ready")
        found = problem(answer, 503, "dependency-unavailable")
        details = (await api.get("/health")).json()
    assert found["detail"] == "Not ready: store."
    assert "secret" not in answer.body.decode()
    assert details["checks"] == {"store": "internal", "stream": "ok"}
    [report] = scene.cortex.ports.errors.reports  # type: ignore[attr-defined]
    assert report.operation == "health.check"


async def test_people_see_the_details_if_they_may(
    api: Client, scene: Scene, identity: MemoryIdentityProvider
) -> None:
    checks = {"store": _fine, "schema": _behind}
    async with _checked(scene, checks) as checked, following(scene) as follower:
        await follower.next()
        answer = await checked.get("/health")
    assert answer.json() == {
        "version": "1.2.3",
        "environment": "test",
        "checks": {"store": "ok", "schema": "schema-mismatch"},
        "streams": 1,
    }
    identity.add("less", without(scene.editor, "read:metrics"))
    problem(await api.who("less").get("/health"), 403, "permission-denied")
    problem(await api.who("").get("/health"), 401, "unauthenticated")


async def test_who_is_leaving_is_not_ready_and_still_alive(
    app: Litestar, api: Client, scene: Scene
) -> None:
    async with following(scene, after=1) as follower:
        waiting = asyncio.create_task(follower.goodbye())
        await asyncio.sleep(0)
        drain(app)
        await waiting
    found = problem(await api.get("/health/ready"), 503, "dependency-unavailable")
    assert found["detail"] == "Not ready: leaving."
    assert (await api.get("/health/live")).status == 200
    assert (await api.get("/v1/me")).status == 200
    target = f"/v1/conversations/{scene.conversation.id}/events"
    problem(await api.get(target), 503, "dependency-unavailable")


async def test_a_check_that_hangs_fails_at_its_deadline(ports: Ports) -> None:
    health = Health({"store": _hangs, "stream": _fine}, ports, deadline=0.01)
    assert await health.look() == {"store": "timeout", "stream": "ok"}


async def test_checks_run_together(ports: Ports) -> None:
    both = asyncio.Barrier(2)

    async def meet() -> None:
        await both.wait()

    assert await Health({"a": meet, "b": meet}, ports).look() == {"a": "ok", "b": "ok"}


async def test_a_look_is_good_for_a_second(ports: Ports) -> None:
    looked = 0
    ticks = Ticks()

    async def check() -> None:
        nonlocal looked
        looked += 1
        await asyncio.sleep(0)
        if looked > 1:
            raise UnavailableError

    health = Health({"store": check}, ports, clock=ticks)
    found = await asyncio.gather(*(health.look() for _ in range(20)))
    assert looked == 1
    assert all(each == {"store": "ok"} for each in found)
    ticks.now += 0.99
    assert await health.look() == {"store": "ok"}
    ticks.now += 0.02
    assert await health.look() == {"store": "dependency-unavailable"}
    assert looked == 2


async def test_leaving_is_told_at_once_though_a_look_is_still_good(ports: Ports) -> None:
    health = Health({"store": _fine}, ports, clock=Ticks())
    assert await health.look() == {"store": "ok"}
    health.leaving = True
    assert await health.look() == {"store": "ok", "leaving": "dependency-unavailable"}


async def test_who_asks_and_goes_away_leaves_the_next_one_an_answer(ports: Ports) -> None:
    began = asyncio.Event()
    gate = asyncio.Event()

    async def check() -> None:
        began.set()
        await gate.wait()

    health = Health({"store": check}, ports)
    impatient = asyncio.create_task(health.look())
    await began.wait()
    patient = asyncio.create_task(health.look())
    await asyncio.sleep(0)
    impatient.cancel()
    gate.set()
    assert await patient == {"store": "ok"}


async def test_how_each_check_is_can_be_seen_without_asking(ports: Ports) -> None:
    telemetry = MemoryTelemetry()
    health = Health(
        {"store": _away, "stream": _fine, "identity": _degraded},
        replace(ports, telemetry=telemetry),
        fresh=0.0,
    )
    async with health.watched(every=0.01):
        found = await _seen(telemetry, lambda shown: shown != [])
    shown = {number.attributes["check"]: number.value for number in found}
    assert shown == {"store": 0.0, "stream": 1.0, "identity": 0.5}
    assert {number.name for number in found} == {"cortex.ready"}
    assert telemetry.gauges() == []


async def test_what_changes_is_seen_at_the_next_look(ports: Ports) -> None:
    telemetry = MemoryTelemetry()
    away = asyncio.Event()

    async def check() -> None:
        if away.is_set():
            raise UnavailableError

    health = Health({"store": check}, replace(ports, telemetry=telemetry), fresh=0.0)
    async with health.watched(every=0.01):
        await _seen(telemetry, lambda shown: [each.value for each in shown] == [1.0])
        away.set()
        await _seen(telemetry, lambda shown: [each.value for each in shown] == [0.0])


async def test_open_streams_can_be_counted(scene: Scene) -> None:
    telemetry = scene.cortex.ports.telemetry
    assert isinstance(telemetry, MemoryTelemetry)
    async with scene.cortex.working():
        async with following(scene) as follower:
            await follower.next()
            [streams] = [each for each in telemetry.gauges() if each.name == "cortex.streams"]
        assert streams.value == 1


async def _seen(telemetry: MemoryTelemetry, right: Callable[[list[Number]], bool]) -> list[Number]:
    """Wait until what the gauges show is *right*."""
    async with asyncio.timeout(5):
        while not right(telemetry.gauges()):  # noqa: ASYNC110 - gauges tell nobody
            await asyncio.sleep(0.001)
    return telemetry.gauges()
