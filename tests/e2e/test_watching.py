"""A running server under the eyes of Prometheus: what is asked is told, and alerts reach people."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cortex_adapters.postgres import schema
from tests.e2e.eventually import eventually
from tests.e2e.server import ServerProcess
from tests.e2e.watching import Watch, watching
from tests.e2e.wire import Api
from tests.promql import expressions, runbook_queries, selectors
from tests.unit.postgres.cluster import Cluster, running_cluster

TOKEN = "scrape-token-of-a-test"
SECONDS = 60
ASKED = {**dict(expressions()), **dict(runbook_queries())}

# What a server that keeps everything, without a tenant, a collector and a defect, does not say,
# what its pool says when it is full only, and what other exporters say.
SILENT = (
    "http_client_request_duration_seconds",
    "cortex_identity_key_fetches_total",
    "cortex_identity_keys_staleness_seconds",
    "cortex_identity_userinfo_total",
    'check="identity"',
    'outcome="internal"',
    'outcome="storage-full"',
    "node_filesystem_",
    "probe_",
    "otel_sdk_",
    "cortex_retention_removed_total",
    "db_client_connection_wait_time_seconds",
    "db_client_connection_timeouts_total",
)
# What shows nothing while all is well.
EMPTY = ("cortex-overview/Checks that fail/1", "cortex-overview/Alerts/1")
# What it says if a statement was under way when the database went.
BY_CHANCE = ('error_type!=""',)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
async def server(cluster: Cluster, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    await schema.upgrade(cluster.uri)
    process = ServerProcess(cluster.uri, tmp_path, CORTEX_METRICS_TOKEN=TOKEN, CORTEX_WORKERS="2")
    try:
        yield await process.start()
    finally:
        await process.stop()


@pytest.fixture
async def watch(server: ServerProcess, tmp_path: Path) -> AsyncIterator[Watch]:
    async with watching(tmp_path, server.port, TOKEN) as watch:
        yield watch


async def test_an_outage_is_told_and_its_end_and_everything_asked_for_is_there(
    server: ServerProcess, cluster: Cluster, watch: Watch
) -> None:
    over = asyncio.Event()
    talking = asyncio.create_task(_talk(server.port, over))
    await _told(watch, 'up{job="cortex"} == 1')
    await _told(watch, 'sum(rate(cortex_events_delivered_total{job="cortex"}[1m])) > 0')

    await _alerted(watch, "watchdog", "firing", "CortexWatchdog")

    await asyncio.to_thread(cluster.stop, "fast")
    await _alerted(watch, "wake", "firing", "CortexDatabaseDown")
    await _told(watch, "cortex:requests_failed:ratio5m > 0")
    await asyncio.to_thread(cluster.start)
    await _alerted(watch, "wake", "resolved", "CortexDatabaseDown")

    [told] = {
        tuple(sorted(alert["annotations"].items()))
        for alert in watch.webhook.alerts("wake", "firing")
        if alert["labels"]["alertname"] == "CortexDatabaseDown"
    }
    runbook = dict(told)["runbook_url"]
    assert runbook == "https://example.com/cortex-core/docs/runbooks/CortexDatabaseDown.md"
    # Held back by what caused it.
    held = {"CortexListenerDown", "CortexErrorBudgetBurnFast", "CortexErrorBudgetBurnSlow"}
    fired = {alert["labels"]["alertname"] for alert in watch.webhook.alerts("wake", "firing")}
    assert not fired & held

    await _talk_once(await Api(server.port).sign_in())
    over.set()
    await talking
    unsaid = {name: await _missing(watch, text) for name, text in ASKED.items()}
    missing = {text for texts in unsaid.values() for text in texts}
    assert [text for text in missing if not _is_silent(text)] == []
    needless = [word for word in SILENT if not any(word in text for text in missing)]
    assert needless == [], "what is told after all is no exception"
    panels = [name for name, _ in expressions() if "/" in name and not unsaid[name]]
    empty = [name for name in panels if not await watch.query(ASKED[name])]
    assert {*empty} <= {*EMPTY}, "panels that show nothing, of series that are there"


async def _talk(port: int, over: asyncio.Event) -> None:
    """Use the server in every way that is counted, come what may, until it is *over*."""
    while not over.is_set():
        try:
            await _talk_once(await Api(port).sign_in())
        except Exception:  # noqa: BLE001 - it is away, which is what this test is about
            await asyncio.sleep(0.1)


async def _talk_once(ada: Api) -> None:
    await ada.get("/nowhere")
    await Api(ada.port, "no-token").get("/v1/me")
    await ada.send("GET", "/ bad", None)
    workspace = await ada.post("/v1/workspaces", {"name": f"Lab {uuid4()}"})
    talk = await ada.conversation(workspace.json()["id"])
    stream = await ada.follow(f"{talk}/events")
    try:
        await ada.post(f"{talk}/messages", {"content": "Hello", "respond": True})
        async with asyncio.timeout(10):
            await stream.until("turn.completed")
    finally:
        stream.close()


async def _told(watch: Watch, expression: str) -> None:
    """Wait until *expression* has a series."""
    for _ in range(SECONDS * 5):
        if await watch.query(expression):
            return
        await asyncio.sleep(0.2)
    pytest.fail(f"{expression} has no series")


async def _alerted(watch: Watch, receiver: str, status: str, name: str) -> None:
    """Wait until *receiver* was told that the alert *name* has that *status*."""

    def said() -> bool:
        alerts = watch.webhook.alerts(receiver, status)
        return any(alert["labels"]["alertname"] == name for alert in alerts)

    assert await eventually(said, SECONDS), f"{name} is not {status}: {watch.webhook.told}"


async def _missing(watch: Watch, expression: str) -> list[str]:
    """Return the selectors of *expression* that have had no series since the test began."""
    return [
        text
        for text in selectors(expression)
        if not await watch.query(f"last_over_time({text}[10m])")
    ]


def _is_silent(selector: str) -> bool:
    return any(word in selector for word in (*SILENT, *BY_CHANCE))
