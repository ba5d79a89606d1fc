"""What cannot be opened: said once, and by nobody else."""

import asyncio
import threading
from pathlib import Path

import pytest

from cortex_adapters.sqlite.connections import READER, open_lane
from cortex_adapters.sqlite.files import make_file, require_place
from cortex_core.domain.errors import UnavailableError


async def _open(path: Path) -> None:
    async with open_lane(str(path), READER, patience=0):
        pass


def test_a_thread_that_could_not_connect_has_ended_before_its_event_loop(tmp_path: Path) -> None:
    """Else it writes a traceback to stderr, for it has nobody to report to."""
    before = threading.enumerate()
    loud: list[object] = []
    hook, threading.excepthook = threading.excepthook, loud.append
    try:
        for _ in range(50):
            with pytest.raises(UnavailableError):
                asyncio.run(_open(tmp_path))
        for thread in set(threading.enumerate()) - set(before):
            thread.join(5)
    finally:
        threading.excepthook = hook
    assert not loud


def test_a_path_through_a_link_to_a_folder_is_a_folder(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    for attempt in (require_place, make_file):
        with pytest.raises(UnavailableError, match="link: is a folder, and no file"):
            attempt(str(link))


def test_a_place_is_a_file_or_where_one_could_be(tmp_path: Path) -> None:
    require_place(str(tmp_path / "new.db"))
    make_file(str(tmp_path / "new.db"))
    require_place(str(tmp_path / "new.db"))
