"""A collector as a process of its own, which takes what it is sent, or swallows it in silence."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

from tests.e2e.receiver import Mode, Receiver


async def main(port: int, mode: Mode) -> None:
    """Receive until killed."""
    async with Receiver(mode, port=port, keeps=False).listening():
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), cast("Mode", sys.argv[2])))
