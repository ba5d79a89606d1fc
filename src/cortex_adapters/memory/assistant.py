"""An assistant that repeats what it is told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from math import ceil
from typing import Final

from cortex_core.ports import Prompt

_WORD: Final = re.compile(r"\s*\S+(?:\s+\Z)?")
_PIECES: Final = 1_000


class EchoAssistant:
    """Says word by word what it was asked, *delay* seconds before each piece.

    A long message is repeated several words at a time, so that it is said within the time that
    a thousand words take.
    """

    def __init__(self, delay: float = 0.03) -> None:
        self._delay = delay

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        words = _WORD.findall(prompt.history[-1].content)
        together = ceil(len(words) / _PIECES)
        for first in range(0, len(words), together):
            await asyncio.sleep(self._delay)
            yield "".join(words[first : first + together])
