"""The disk under PostgreSQL is full."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cortex_adapters.postgres import schema
from tests.e2e.eventually import eventually
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Answer, Api

DISK = "24m"  # the catalogs of a new database take 8
LEFT = 1 << 20
MOST_POSTS = 200


@pytest.fixture
def disk(postgres_server: str) -> Iterator[Path]:
    """A small disk of PostgreSQL's own; its WAL is elsewhere."""
    with tempfile.TemporaryDirectory(prefix="cortex-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "cortex-disk", folder]
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("only root on Linux may mount a small disk")
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk may not be mounted here: {done.stderr.strip()}")
        try:
            with psycopg.connect(postgres_server) as connection:
                [data] = connection.execute("SHOW data_directory").fetchone() or [""]
            os.chown(folder, Path(data).stat().st_uid, -1)
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


@pytest.fixture
def small_database(postgres_server: str, disk: Path) -> Iterator[str]:
    """The URI of an empty database on that disk."""
    place = sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(disk)))
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(place)
        try:
            connection.execute(
                "CREATE DATABASE small TEMPLATE template0 ENCODING 'UTF8' TABLESPACE small"
            )
            yield postgres_server.replace("/postgres?", "/small?")
        finally:
            connection.execute("DROP DATABASE IF EXISTS small WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")


@pytest.fixture
async def server(small_database: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    await schema.upgrade(small_database)
    process = ServerProcess(small_database, tmp_path)
    try:
        yield await process.start()
    finally:
        await process.stop()


async def test_fault_20_on_a_full_disk_nothing_is_half_reads_go_on_and_it_recovers(
    server: ServerProcess, disk: Path
) -> None:
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    acknowledged: list[str] = []

    async def post() -> Answer:
        body = {"content": secrets.token_hex(15_000), "respond": False}
        answer = await ada.post(f"{talk}/messages", body)
        if answer.status == 201:
            acknowledged.append(answer.json()["id"])
        return answer

    assert (await post()).status == 201
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (shutil.disk_usage(disk).free - LEFT))
    answers = [await post()]
    while answers[-1].status == 201:
        assert len(answers) < MOST_POSTS, "the disk does not fill"
        answers.append(await post())
    answers += [await post() for _ in range(5)]
    for answer in filter(lambda answer: answer.status != 201, answers):
        problem = answer.json()
        assert (answer.status, problem["code"]) == (503, "storage-full")
        assert problem["retryable"] is True
        assert int(answer.headers["retry-after"]) >= 1
        assert "No space left" in problem["cause"]  # in development
        assert str(disk) not in answer.body.decode()

    messages = await ada.pages(f"{talk}/messages")
    events = await ada.pages(f"{talk}/events")
    assert [message["id"] for message in messages] == acknowledged
    assert [event["seq"] for event in events] == list(range(1, len(acknowledged) + 1))
    assert [event["data"]["message"] for event in events] == messages
    assert (await ada.get(talk)).json()["last_seq"] == len(acknowledged)

    ballast.unlink()
    assert (await post()).status == 201
    assert (await ada.get("/health/ready")).status == 200
    assert [message["id"] for message in await ada.pages(f"{talk}/messages")] == acknowledged
    assert await eventually(lambda: server.lines("database.back"))
    away, *_ = server.lines("database.away")
    assert away["code"] == "storage-full"
    assert not server.lines("incident")
