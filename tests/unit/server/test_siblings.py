"""Metrics of several processes as one page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from cortex_adapters.server.siblings import Place, open_metrics


def _says(worker: int) -> bytes:
    text = (
        f'# HELP seen_total Seen.\n# TYPE seen_total counter\nseen_total{{worker="{worker}"}} 7\n'
    )
    return text.encode()


def _place(folder: Path, worker: int, workers: int = 3) -> Place:
    return Place(worker=worker, workers=workers, folder=folder)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


async def test_whoever_is_asked_answers_for_all(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        pages = [
            await stack.enter_async_context(
                open_metrics(partial(_says, worker), _place(folder, worker))
            )
            for worker in range(3)
        ]
        for page in pages:
            lines = (await page()).decode().splitlines()
            assert sorted(line for line in lines if line.startswith("seen_total{")) == [
                f'seen_total{{worker="{worker}"}} 7.0' for worker in range(3)
            ]
            assert sum(line.startswith("# TYPE seen_total") for line in lines) == 1
            assert [line for line in lines if line.startswith("cortex_worker_up{")] == [
                f'cortex_worker_up{{worker="{worker}"}} 1.0' for worker in range(3)
            ]


@asynccontextmanager
async def _other(path: str, says: bytes, *, hangs: bool = False) -> AsyncIterator[None]:
    over, gone = asyncio.Event(), asyncio.Event()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        if hangs:
            await over.wait()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        gone.set()

    async with await asyncio.start_unix_server(answer, path):
        yield
        over.set()
        await gone.wait()


@pytest.mark.parametrize(
    ("says", "hangs"),
    [
        (b"", False),
        (b"garbage {\n", False),
        (_says(1)[:-4], False),
        (b"\xff\xfe\n", False),
        (_says(1), True),
    ],
)
async def test_one_that_is_not_well_is_said_to_be_down(
    folder: Path, says: bytes, hangs: bool
) -> None:
    place = _place(folder, 0, workers=2)
    async with (
        _other(place.socket(1), says, hangs=hangs),
        open_metrics(lambda: _says(0), place) as page,
    ):
        lines = (await page()).decode().splitlines()
    assert 'seen_total{worker="0"} 7.0' in lines
    assert not [line for line in lines if 'seen_total{worker="1"}' in line]
    assert [line for line in lines if line.startswith("cortex_worker_up{")] == [
        'cortex_worker_up{worker="0"} 1.0',
        'cortex_worker_up{worker="1"} 0.0',
    ]


@pytest.fixture
def left(folder: Path) -> Place:
    """A place whose process was killed before: its socket is still there."""
    place = _place(folder, 0, workers=1)
    Path(place.socket(0)).write_bytes(b"left behind")
    return place


async def test_one_that_takes_the_place_of_another_is_heard(left: Place) -> None:
    async with open_metrics(lambda: _says(0), left) as page:
        assert b'seen_total{worker="0"} 7.0' in await page()


async def test_alone_it_says_what_it_counts() -> None:
    async with open_metrics(lambda: _says(0), Place()) as page:
        said = await page()
    assert b'cortex_worker_up{worker="0"} 1.0' in said
    assert said.endswith(_says(0))
