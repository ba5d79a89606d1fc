"""A folder of backups: nothing half passes for whole, and files are their user's alone."""

import os
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cortex_adapters.backup.folder import backups, new_backup, opened
from cortex_core.domain.errors import BusyError, StorageFullError, StorageReadOnlyError

MOMENT = datetime(2026, 11, 23, 13, 15, 0, 42, tzinfo=UTC)


def test_a_backup_has_its_name_when_it_is_whole(tmp_path: Path):
    folder = tmp_path / "a" / "b"
    with opened(folder), new_backup(folder, MOMENT) as (place, final):
        (place / "data").write_text("x")
        assert final.name == "cortex-20261123T131500000042Z"
        assert not final.exists()
    assert (final / "data").read_text() == "x"
    assert not place.exists()
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (folder, final, final / "data")]
    assert modes == [0o700, 0o700, 0o600]


def test_what_goes_wrong_leaves_nothing(tmp_path: Path):
    with pytest.raises(ZeroDivisionError):
        fail(tmp_path, ZeroDivisionError())
    assert [each.name for each in tmp_path.iterdir()] == [".lock"]


def fail(folder: Path, error: Exception) -> None:
    """Fail with *error* when a backup is half made."""
    with opened(folder), new_backup(folder, MOMENT) as (place, _):
        (place / "data").write_text("x")
        raise error


def test_one_backup_at_a_time(tmp_path: Path):
    with opened(tmp_path), pytest.raises(BusyError, match="another backup"), opened(tmp_path):
        pass


@pytest.mark.parametrize(
    ("number", "named"),
    [(28, StorageFullError), (122, StorageFullError), (30, StorageReadOnlyError)],
)
def test_a_disk_that_takes_no_more_is_named(tmp_path: Path, number: int, named: type[Exception]):
    with pytest.raises(named):
        fail(tmp_path, OSError(number, os.strerror(number)))
    assert backups(tmp_path) == []
    assert [each.name for each in tmp_path.iterdir()] == [".lock"]


_KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cortex_adapters.backup.folder import new_backup, opened
folder = Path(sys.argv[1])
with opened(folder), new_backup(folder, datetime.now(UTC)) as (place, final):
    (place / "data").write_text("x")
    print("there", flush=True)
    sys.stdin.read()
"""


def test_who_is_killed_leaves_nothing_that_passes_for_whole(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"there\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert not list(tmp_path.glob("cortex-*"))
    assert list(tmp_path.glob(".partial-*"))
    began = time.monotonic()
    with opened(tmp_path):
        assert [each.name for each in tmp_path.iterdir()] == [".lock"]
    assert time.monotonic() - began < 1
