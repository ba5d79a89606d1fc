"""Assistants that do as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from cortex_core.ports import Prompt
from tests.unit.services.scene import until


class Scripted:
    """Says what *script* returns for the message and the attempt, or raises it."""

    def __init__(self, script: Callable[[str, int], list[str] | Exception]) -> None:
        self._script = script
        self.asked: list[tuple[str, int]] = []
        self.prompts: list[Prompt] = []

    async def asked_times(self, count: int) -> None:
        """Return when it has been asked so often."""
        await until(lambda: len(self.asked) >= count)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        content, attempt = prompt.history[-1].content, prompt.turn.attempts
        self.asked.append((content, attempt))
        self.prompts.append(prompt)
        said = self._script(content, attempt)
        if isinstance(said, Exception):
            raise said
        for piece in said:
            await asyncio.sleep(0)
            yield piece


def echo() -> Scripted:
    """Return an assistant that repeats what it is told, in one piece."""
    return Scripted(lambda content, _: [content])


def says(*pieces: str) -> Scripted:
    """Return an assistant that always says the same."""
    return Scripted(lambda *_: list(pieces))


def fails(error: Exception, *, times: int = 99) -> Scripted:
    """Return an assistant that raises so often, and then repeats what it is told."""
    return Scripted(lambda content, attempt: error if attempt <= times else [content])


class Gated:
    """Says two pieces, and waits before the second, or *error*, until it is let go on."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.gate = asyncio.Event()
        self.waiting = 0
        self.most = 0
        self.closed = 0

    async def begun(self) -> None:
        """Return when somebody waits for it."""
        await until(lambda: self.waiting > 0)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            yield "Well, "
            await self.gate.wait()
            if self._error:
                raise self._error
            yield prompt.history[-1].content
        finally:
            self.waiting -= 1
            self.closed += 1


class Endless:
    """Never ends, and counts what it has said."""

    def __init__(self, piece: str) -> None:
        self._piece = piece
        self.said = 0

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        while True:
            await asyncio.sleep(0)
            self.said += 1
            yield self._piece
