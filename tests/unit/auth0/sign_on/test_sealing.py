"""What others keep for us can be read by us alone, and not for ever."""

from datetime import timedelta

import msgspec
import pytest

from cortex_adapters.auth0.sign_on.attempts import Attempt, new_attempt
from cortex_adapters.auth0.sign_on.sealing import Sealer

OLD, NEW, OTHER = "o" * 32, "n" * 32, "x" * 32


class Point(msgspec.Struct, frozen=True):
    x: int


def test_what_was_sealed_is_read_and_shows_nothing() -> None:
    attempt = new_attempt("/docs")
    sealed = Sealer([NEW], "a").seal(attempt)
    assert Sealer([NEW], "a").open(sealed, Attempt) == attempt
    assert attempt.state.encode() not in sealed


def test_a_key_can_be_rotated_and_taken_away() -> None:
    sealed = Sealer([OLD], "a").seal(Point(1))
    assert Sealer([NEW, OLD], "a").open(sealed, Point) == Point(1)
    assert Sealer([NEW], "a").open(sealed, Point) is None
    assert Sealer([NEW], "a").open(Sealer([NEW, OLD], "a").seal(Point(1)), Point) == Point(1)


def test_what_was_sealed_for_one_purpose_is_nothing_for_another() -> None:
    assert Sealer([NEW], "b").open(Sealer([NEW], "a").seal(Point(1)), Point) is None


@pytest.mark.parametrize("position", [0, 1, 20, -1])
def test_what_was_altered_is_nothing(position: int) -> None:
    sealed = bytearray(Sealer([NEW], "a").seal(Point(1)))
    sealed[position] ^= 1
    assert Sealer([NEW], "a").open(bytes(sealed), Point) is None


@pytest.mark.parametrize("text", [b"", b"x", b"gAAAA", "\u00e9".encode(), b"\x00" * 100])
def test_what_was_never_sealed_is_nothing(text: bytes) -> None:
    assert Sealer([NEW], "a").open(text, Point) is None


def test_another_thing_is_nothing() -> None:
    assert Sealer([NEW], "a").open(Sealer([NEW], "a").seal(Point(1)), Attempt) is None


def test_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sealer = Sealer([NEW], "a")
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    sealed = sealer.seal(Point(1))
    monkeypatch.setattr("time.time", lambda: 1_000_600.0)
    assert sealer.open(sealed, Point, within=timedelta(seconds=600)) == Point(1)
    monkeypatch.setattr("time.time", lambda: 1_000_601.0)
    assert sealer.open(sealed, Point, within=timedelta(seconds=600)) is None
    assert sealer.open(sealed, Point) == Point(1)
