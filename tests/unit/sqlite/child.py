"""Another process on the same file: `python -m tests.unit.sqlite.child WHAT PATH [NUMBER]`."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from cortex_adapters.migrations import Step, load_steps
from cortex_adapters.sqlite.lock import serving
from cortex_adapters.sqlite.schema import upgrade
from cortex_adapters.sqlite.store import open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.errors import CortexError
from cortex_core.domain.policy import WRITERS

STEPS = [
    Step(number=1, name="one", sql="CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('1;');"),
    Step(
        number=2,
        name="two",
        sql="-- twice; as much\nCREATE TABLE b (x TEXT);\nINSERT INTO b VALUES (1), (2);",
    ),
    Step(number=3, name="three", sql="DROP TABLE a; ALTER TABLE b ADD COLUMN y TEXT;"),
]


def start(what: str, path: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a child; it says a line when it has begun, and waits for one where it says so."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit.sqlite.child", what, path, *map(str, arguments)],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(child: subprocess.Popen[str]) -> str:
    """Return the next line that *child* says."""
    assert child.stdout is not None
    return child.stdout.readline().strip()


def end(child: subprocess.Popen[str], line: str = "") -> Sequence[str]:
    """Say a last line to *child*, and return what else it says until it ends."""
    out, _ = child.communicate(line + "\n", timeout=60)
    return out.split()


def _say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201


def _upgrade(path: str) -> None:
    _say("ready")
    sys.stdin.readline()
    _say(*(step.number for step in asyncio.run(upgrade(path, steps=STEPS))))


def _upgrade_and_die(path: str, at: int) -> None:
    """Die by SIGKILL as the thread of the connection begins its statement number *at*."""
    seen = 0

    def count(_frame: FrameType, event: str, called: Any) -> None:
        nonlocal seen
        if event == "c_call" and isinstance(getattr(called, "__self__", None), sqlite3.Connection):
            seen += called.__name__ == "execute"
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count)
    asyncio.run(upgrade(path, steps=STEPS))
    _say("done")


def _hold(path: str) -> None:
    """Hold the write lock until a line comes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    _say("held")
    sys.stdin.readline()
    connection.close()


def _serve(path: str) -> None:
    try:
        with serving(path):
            _say("serving")
            sys.stdin.readline()
    except CortexError as error:
        _say(error)


def _open(path: str) -> None:
    """Open the store as somebody who is not root, and say what became of it."""
    load_steps("cortex_adapters.sqlite.migrations")  # imports what others may not read
    if os.geteuid() == 0:
        os.setuid(65534)

    async def begin() -> None:
        async with open_store(path):
            _say("open")

    try:
        asyncio.run(begin())
    except CortexError as error:
        _say(type(error).__name__, error)


async def _post(path: str) -> None:
    """Post messages, four at once, and say each one's conversation, id and place once stored."""
    async with open_store(path) as store:
        scene = await stored_scene(store)

        async def go_on() -> None:
            while True:
                note = make.message(scene.conversation, scene.owner)
                async with store.begin(single=True) as work:
                    placed = await work.messages.post(note, turn=make.turn(note), roles=WRITERS)
                assert placed is not None
                _say(scene.conversation.id, placed.id, placed.seq)

        await asyncio.gather(*(go_on() for _ in range(4)))


def main() -> None:
    what, path, *rest = sys.argv[1:]
    match what:
        case "upgrade":
            _upgrade(path)
        case "upgrade-and-die":
            _upgrade_and_die(path, int(rest[0]))
        case "hold":
            _hold(path)
        case "serve":
            _serve(path)
        case "open":
            _open(path)
        case "post":
            asyncio.run(_post(path))


if __name__ == "__main__":
    main()
