"""The move, measured: `make bench-move`, or `python -m bench.move MESSAGES KILLS`.

Messages of nasty text go from SQLite to PostgreSQL and back, at first undisturbed, then with
writers at a running server and a command that is killed again and again.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.sqlite import schema as sqlite_schema
from tests.e2e.moving import Run, hashes, run_move, writing
from tests.e2e.server import ServerProcess
from tests.nasty import forget_registry, seed
from tests.postgres import fresh_database, running_postgres

PATIENCE = 1_200


async def main(messages: int, kills: int) -> None:
    """Move there and back; print the figures, and fail where a row is not the same."""
    with (
        tempfile.TemporaryDirectory(prefix="cortex-move-") as place,
        running_postgres() as postgres,
    ):
        folder = Path(place)
        file = f"sqlite:///{folder}/cortex.db"
        await sqlite_schema.upgrade(f"{folder}/cortex.db")
        seed(f"{folder}/cortex.db", messages=messages, large=20)
        forget_registry(f"{folder}/cortex.db")
        with fresh_database(postgres) as one:
            await postgres_schema.upgrade(one)
            await _undisturbed("there", file, one, folder)
        with fresh_database(postgres) as other:
            await postgres_schema.upgrade(other)
            await _disturbed("there", file, other, folder, kills)
            back = f"sqlite:///{folder}/back.db"
            await _undisturbed("back", other, f"sqlite:///{folder}/tried.db", folder)
            await _disturbed("back", other, back, folder, kills)


async def _undisturbed(name: str, source: str, target: str, folder: Path) -> None:
    """Copy and compare alone, for the rates; then give it up."""
    server = ServerProcess(source, folder)
    runs: list[Run] = []
    for phase in ("plan", "copy", "verify"):
        began = time.monotonic()
        run = await run_move(server, phase, source, target, patience=PATIENCE)
        assert run.code == 0, run.lines[-1]
        runs.append(run)
        print(f"{name:6} {phase:8} {time.monotonic() - began:7.1f} s, {_memory([run])}")
    copied = runs[1].outcomes["copy"]
    rate = copied["rows"] / copied["seconds"]
    print(f"{name:6} copied {copied['rows']:,} rows, {rate:,.0f} a second")
    assert (await run_move(server, "abort", source, target)).code == 0


async def _disturbed(name: str, source: str, target: str, folder: Path, kills: int) -> None:
    """Move with writers and kills; plant one flipped bit on the way, and have it named."""
    server = ServerProcess(source, folder)
    await server.start()
    runs: list[Run] = []
    try:
        async with writing(server) as writers:
            for _ in range(kills):
                copied = any("copy" in run.outcomes for run in runs)
                phase = "verify" if copied and random.random() < 0.5 else "copy"
                stop = random.uniform(0, 2)
                run = await run_move(server, phase, source, target, kill_after=stop)
                runs.append(run)
            runs.append(await run_move(server, "copy", source, target, patience=PATIENCE))
            assert runs[-1].code == 0, runs[-1].lines[-1]
            if not target.startswith("sqlite"):
                await _plant(server, source, target)
            runs.append(await run_move(server, source, target, patience=PATIENCE))
            assert runs[-1].code == 0, runs[-1].lines[-1]
        tables = await hashes(source, target)
    finally:
        await server.stop()
    killed = sum(run.code is None for run in runs)
    frozen = runs[-1].outcomes["cutover"]["frozen_seconds"]
    rows = sum(count for _, count, _ in tables)
    print(
        f"{name:6} with {len(writers.posted):,} posts meanwhile, killed {killed} times: "
        f"{rows:,} rows the same on both sides, frozen for {frozen:.2f} s, {_memory(runs)}"
    )


async def _plant(server: ServerProcess, source: str, target: str) -> None:
    """Flip one bit of one message in the target; see it named; flip it back."""
    flip = """
        UPDATE messages SET content = overlay(content placing chr(ascii(content) # 1) from 1 for 1)
        WHERE id = %s
        """
    with psycopg.connect(target, autocommit=True) as connection:
        [(row,)] = connection.execute(
            "SELECT id FROM messages WHERE content LIKE 'plain%%' ORDER BY id LIMIT 1"
        )
        connection.execute(flip.encode(), (row,))
        run = await run_move(server, "verify", source, target, patience=PATIENCE)
        assert run.code == 3, run.lines[-1]
        [found] = run.outcomes["verify"]["differences"]
        assert found["key"] == f'["{row}"]'
        print(f"       one bit flipped: {found['table']} {found['key']} {found['what']}")
        connection.execute(flip.encode(), (row,))


def _memory(runs: Sequence[Run]) -> str:
    return f"at most {max(run.peak for run in runs) / 1024:.0f} MiB"


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:3])))
