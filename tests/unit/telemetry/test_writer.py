"""The writer: never waits, drops what it cannot hold, and says how much."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator

import pytest

from cortex_adapters.telemetry.writer import LineWriter

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue


def everything(reading: int) -> bytes:
    os.set_blocking(reading, False)
    found = b""
    try:
        while piece := os.read(reading, 65_536):
            found += piece
    except BlockingIOError:
        pass
    return found


def test_lines_come_out_in_order(pipe: Pipe):
    reading, writing = pipe
    writer = LineWriter(writing)
    writer.start()
    lines = [f"{n}\n".encode() for n in range(1_000)]
    for line in lines:
        writer.put(line)
    writer.close()
    assert everything(reading) == b"".join(lines)
    assert writer.dropped == 0


def test_a_reader_that_does_not_read_keeps_nobody_waiting(pipe: Pipe):
    reading, writing = pipe
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4_096)
    writer = LineWriter(writing, capacity=10, lost=lambda count: f"lost {count}\n".encode())
    writer.start()
    began = time.monotonic()
    for _ in range(1_000):
        writer.put(b"x" * 999 + b"\n")
    assert time.monotonic() - began < 1
    assert writer.dropped >= 980
    found = b""
    while b"lost" not in found:
        found += os.read(reading, 65_536)
    assert int(found.partition(b"lost ")[2].split()[0]) == writer.dropped
    writer.close()


def test_a_flood_of_everyday_lines_leaves_room_for_urgent_ones(pipe: Pipe):
    reading, writing = pipe
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4_096)
    writer = LineWriter(writing, capacity=100)
    writer.start()
    for _ in range(1_000):
        writer.put(b"x" * 999 + b"\n")
    dropped = writer.dropped
    for n in range(20):
        writer.put(b"urgent %d\n" % n, urgent=True)
    assert writer.dropped == dropped
    writer.put(b"y\n")
    assert writer.dropped == dropped + 1
    found = b""
    while b"urgent 19\n" not in found:
        found += os.read(reading, 65_536)
    assert found.count(b"urgent") == 20
    writer.close()


def test_closing_does_not_wait_for_a_reader_that_does_not_read(pipe: Pipe):
    reading, writing = pipe
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4_096)
    writer = LineWriter(writing)
    writer.start()
    writer.put(b"x" * 10_000 + b"\n")
    began = time.monotonic()
    writer.close(patience=0.1)
    assert time.monotonic() - began < 1
    writer.put(b"late\n")
    assert writer.dropped == 1
    os.close(reading)
    writer.close(patience=10)  # its thread ends before the descriptor is another file


def test_a_pipe_that_does_not_block_loses_nothing(pipe: Pipe):
    reading, writing = pipe
    os.set_blocking(writing, False)
    writer = LineWriter(writing)
    writer.start()
    lines = [b"x" * 999 + b"\n"] * 500
    for line in lines:
        writer.put(line)
    found = b""
    while len(found) < 500_000:
        found += os.read(reading, 65_536)
    writer.close()
    assert found == b"".join(lines)


def test_a_reader_that_is_gone_is_no_failure(pipe: Pipe):
    reading, writing = pipe
    os.close(reading)
    writer = LineWriter(writing)
    writer.start()
    writer.put(b"x\n")
    writer.close()
    assert writer.dropped == 1


def test_threads_may_write_at_once(pipe: Pipe):
    reading, writing = pipe
    writer = LineWriter(writing)
    writer.start()

    def work(n: int) -> None:
        for _ in range(50):
            writer.put(f"{n}\n".encode())

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    expected = [f"{n}".encode() for n in range(8) for _ in range(50)]
    assert sorted(everything(reading).splitlines()) == expected


def test_lines_that_were_to_be_written_together_are_dropped_one_by_one(pipe: Pipe):
    reading, writing = pipe
    os.close(reading)
    writer = LineWriter(writing)
    for number in range(500):
        writer.put(f"{number}\n".encode())
    writer.start()
    writer.close()
    assert writer.dropped == 500


def test_a_line_is_written_soon_after_another(pipe: Pipe):
    reading, writing = pipe
    writer = LineWriter(writing)
    writer.start()
    for line in (b"first\n", b"second\n", b"third\n"):
        began = time.monotonic()
        writer.put(line)
        assert os.read(reading, 100) == line
        assert time.monotonic() - began < 0.5
    writer.close()
