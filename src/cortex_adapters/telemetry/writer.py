"""Lines on their way to a file descriptor, which may be a pipe that nobody reads."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Sequence
from itertools import accumulate
from queue import SimpleQueue
from stat import S_ISFIFO
from typing import Final

CAPACITY: Final = 2_000
_KEPT_BACK: Final = 0.25
"""The share of what it holds that is for urgent lines alone."""
_PATIENCE: Final = 1.0
_REST: Final = 0.05
_TOGETHER: Final = 65_536
"""Bytes that are written at once; to a pipe so few that those of several processes do not mix."""


class LineWriter:
    """Takes lines without waiting and writes them in a thread; drops what it cannot hold.

    The thread rests between writes: each time it wakes, and each time it comes back from a write,
    whoever handles requests has to make room for it, which costs more than many lines.

    A SimpleQueue takes lines from signal handlers and finalizers, too, where another lock might
    be held already by the very code that they interrupt.
    """

    def __init__(
        self, fd: int, *, capacity: int = CAPACITY, lost: Callable[[int], bytes] | None = None
    ) -> None:
        self._fd = fd
        self._together = select.PIPE_BUF if _is_pipe(fd) else _TOGETHER
        self._capacity = capacity
        self._everyday = capacity - int(capacity * _KEPT_BACK)
        self._lost = lost
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="cortex-log", daemon=True)
        self._closed = False
        self._closing = threading.Event()
        self.dropped = 0
        """How many lines were dropped so far."""

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, line: bytes, *, urgent: bool = False) -> None:
        """Take *line*, which ends with a line break; an *urgent* one finds room for longer."""
        room = self._capacity if urgent else self._everyday
        if self._closed or self._lines.qsize() >= room:
            self.dropped += 1
        else:
            self._lines.put(line)

    def close(self, patience: float = _PATIENCE) -> None:
        """Write what was taken, as far as *patience* seconds allow."""
        self._closed = True
        self._lines.put(None)
        self._closing.set()
        self._thread.join(patience)

    def _run(self) -> None:
        told = 0
        line = self._lines.get()
        while line is not None:
            together, size = [line], len(line)
            while (line := self._next()) and size + len(line) <= self._together:
                together.append(line)
                size += len(line)
            self._write(together)
            if self._lost is not None and self.dropped > told:
                dropped = self.dropped
                self._write([self._lost(dropped - told)])
                told = dropped
            if line == b"":
                self._closing.wait(_REST)
                line = self._lines.get()

    def _next(self) -> bytes | None:
        """Return the next line, nothing if none waits, None at the end."""
        return b"" if self._lines.empty() else self._lines.get()

    def _write(self, lines: Sequence[bytes]) -> None:
        rest = memoryview(b"".join(lines))
        size = len(rest)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                select.select([], [self._fd], [], _PATIENCE)
            except (OSError, ValueError):
                written = size - len(rest)
                self.dropped += sum(end > written for end in accumulate(map(len, lines)))
                return


def _is_pipe(fd: int) -> bool:
    try:
        return S_ISFIFO(os.fstat(fd).st_mode)
    except OSError:
        return False
