"""Another process on the same file: `python -m tests.unit.sqlite.child WHAT PATH [NUMBER]`."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from cortex_adapters.migrations import Step
from cortex_adapters.sqlite.lock import serving
from cortex_adapters.sqlite.schema import upgrade
from cortex_adapters.sqlite.store import open_store
from cortex_core.domain.errors import CortexError

STEPS = [
    Step(number=1, name="one", sql="CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('1;');"),
    Step(
        number=2,
        name="two",
        sql="-- twice; as much\nCREATE TABLE b (x TEXT);\nINSERT INTO b VALUES (1), (2);",
    ),
    Step(number=3, name="three", sql="DROP TABLE a; ALTER TABLE b ADD COLUMN y TEXT;"),
]


def start(what: str, path: str, *arguments: object, module: str = "child") -> subprocess.Popen[str]:
    """Start a child; it says a line when it has begun, and waits for one where it says so."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.unit.sqlite.{module}", what, path, *map(str, arguments)],
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
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(BrokenPipeError), child.stdin as stdin:
        stdin.write(line + "\n")
    with child.stdout as stdout:  # `communicate` would lose what readline has read ahead
        out = stdout.read()
    child.wait()
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

    async def begin(file: str) -> None:
        async with open_store(file):
            pass

    with TemporaryDirectory() as scratch:  # imports what only root may read
        asyncio.run(upgrade(f"{scratch}/scratch.db"))
        asyncio.run(begin(f"{scratch}/scratch.db"))
    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        asyncio.run(begin(path))
        _say("open")
    except CortexError as error:
        _say(type(error).__name__, error)


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


if __name__ == "__main__":
    main()
