"""A file that is taken away while it is open: nothing goes where nobody finds it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cortex_adapters.sqlite.schema import upgrade
from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import make
from cortex_core.domain.errors import NotFoundError, UnavailableError
from cortex_core.domain.ids import UserId


def _delete(path: Path) -> None:
    path.unlink()


def _move(path: Path) -> None:
    path.rename(f"{path}.away")


def _put_back(path: Path) -> None:
    Path(f"{path}.away").rename(path)


def _replace(path: Path) -> None:
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    copy.replace(path)


async def _write(store: SqliteStore, *, single: bool = False) -> UserId:
    user = make.user()
    async with store.begin(single=single) as work:
        await work.users.ensure(user)
    return user.id


async def _read(store: SqliteStore) -> None:
    async with store.begin(read_only=True, single=True) as work:
        await work.registry.get("epoch")


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.parametrize("harm", [_delete, _move, _replace])
async def test_a_file_taken_away_takes_no_writes_and_is_not_readable(
    store: SqliteStore, path: str, suffix: str, harm: Callable[[Path], None]
) -> None:
    await _write(store)
    harm(Path(path + suffix))
    how = "replaced" if harm is _replace else "deleted or moved"
    for _ in range(2):
        for single in (False, True):
            with pytest.raises(UnavailableError, match=how) as caught:
                await _write(store, single=single)
            assert path not in str(caught.value)
        with pytest.raises(UnavailableError, match=how):
            await _read(store)


async def test_a_file_that_is_put_back_goes_on_without_what_was_refused(
    store: SqliteStore, path: str
) -> None:
    kept = await _write(store)
    _move(Path(path))
    refused = make.user()
    with pytest.raises(UnavailableError):
        async with store.begin() as work:
            await work.users.ensure(refused)
    _put_back(Path(path))
    await _write(store)
    async with store.begin(read_only=True) as work:
        await work.users.get(kept)
        with pytest.raises(NotFoundError):
            await work.users.get(refused.id)


async def test_a_link_to_the_file_is_followed(tmp_path: Path) -> None:
    link, first, second = (tmp_path / name for name in ("link.db", "first.db", "second.db"))
    for each in (first, second):
        await upgrade(str(each))
    link.symlink_to(first)
    async with open_store(str(link)) as store:
        await _write(store)
        link.unlink()
        link.symlink_to(second)
        with pytest.raises(UnavailableError, match="replaced"):
            await _write(store)
