from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_core.domain.ids import Uuid7, is_id

FIRST = 1_767_268_800_000  # noon on the first of January 2026, in milliseconds


@given(uuid=st.uuids())
def test_canonical_text_is_an_id(uuid: UUID) -> None:
    assert is_id(str(uuid))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "019B7A2D-4C00-7000-8000-000000000000",
        "019b7a2d4c0070008000000000000000",
        "{019b7a2d-4c00-7000-8000-000000000000}",
        "urn:uuid:019b7a2d-4c00-7000-8000-000000000000",
        "019b7a2d-4c00-7000-8000-000000000000\n",
        " 019b7a2d-4c00-7000-8000-000000000000",
        "019b7a2d-4c00-7000-8000-00000000000",
        "019b7a2d-4c00-7000-8000-0000000000000",
        "019b7a2d-4c00-7000-8000-00000000000g",
        "019b7a2d-4c00-7000-8000-00000000000\N{ARABIC-INDIC DIGIT ONE}",
        "019b7a2d-4c00-7000-8000-00000000000\N{FULLWIDTH DIGIT ONE}",
    ],
)
def test_other_text_is_no_id(text: str) -> None:
    assert not is_id(text)


@given(text=st.text())
def test_an_id_is_what_uuid_writes(text: str) -> None:
    try:
        canonical = str(UUID(text)) == text
    except ValueError:
        canonical = False
    assert is_id(text) == canonical


def test_an_id_is_a_uuid_of_version_7() -> None:
    """RFC 9562 section 5.7: 48 bits of milliseconds, version, variant."""
    uuid = UUID(Uuid7(lambda: FIRST * 1_000_000 + 999_999)())
    assert uuid.version == 7
    assert uuid.variant == "specified in RFC 4122"
    assert uuid.int >> 80 == FIRST


@given(ticks=st.lists(st.integers(0, 2**42), min_size=1, max_size=200))
def test_ids_grow_whatever_the_clock_does(ticks: list[int]) -> None:
    clock = iter(ticks)
    mint = Uuid7(lambda: next(clock) * 1_000_000)
    minted = [mint() for _ in ticks]
    assert all(is_id(text) for text in minted)
    assert minted == sorted(set(minted))


def test_a_burst_within_one_moment_stays_unique_and_in_order() -> None:
    mint = Uuid7(lambda: FIRST * 1_000_000)
    minted = [mint() for _ in range(20_000)]
    assert minted == sorted(set(minted))
    assert (UUID(minted[-1]).int >> 80) - FIRST <= 20_000 // 4_096 + 1


def test_two_processes_do_not_mint_alike() -> None:
    def burst() -> Iterator[str]:
        mint = Uuid7(lambda: FIRST * 1_000_000)
        return (mint() for _ in range(1_000))

    assert not set(burst()) & set(burst())
