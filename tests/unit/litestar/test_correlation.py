"""The word that ties an answer, its problem and our log lines together."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.litestar.correlation import HEADER, correlation_id
from cortex_core.domain.correlation import urn
from tests.unit.litestar.asgi import Client
from tests.unit.litestar.problems import problem


@pytest.mark.parametrize("word", ["a", "A-b_c.9", "x" * 64, "0", "...", str(UUID(int=5))])
async def test_a_word_that_is_acceptable_comes_back(api: Client, word: str) -> None:
    answer = await api.get("/v1/me", ("x-correlation-id", word))
    assert answer.header("x-correlation-id") == word
    refused = await api.get("/nowhere", ("x-correlation-id", word))
    assert problem(refused, 404, "not-found")["correlation_id"] == word


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "x" * 65,
        "a b",
        "a\r\nset-cookie: b=c",
        "a\n",
        "\x00",
        "\u00e9",
        'a"b',
        "a,b",
        "../x/",
        "<b>",
    ],
)
async def test_any_other_is_replaced(api: Client, word: str) -> None:
    answer = await api.get("/nowhere", ("x-correlation-id", word))
    given = answer.header("x-correlation-id")
    assert given != word
    assert given is not None
    assert UUID(given).version == 4
    assert problem(answer, 404, "not-found")["instance"] == f"urn:uuid:{given}"


async def test_of_two_words_neither_counts(api: Client) -> None:
    answer = await api.get("/v1/me", ("x-correlation-id", "a"), ("x-correlation-id", "a"))
    assert answer.header("x-correlation-id") != "a"


async def test_each_request_has_its_own(api: Client) -> None:
    words = {(await api.get("/health/live")).header("x-correlation-id") for _ in range(5)}
    assert len(words) == 5


@given(value=st.binary(max_size=80))
def test_whatever_is_offered_the_word_is_safe_and_stays(value: bytes) -> None:
    scope = {"headers": [(HEADER, value)], "state": {}}
    word = correlation_id(scope)  # type: ignore[arg-type]
    assert word == correlation_id(scope)  # type: ignore[arg-type]
    assert set(word) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert 1 <= len(word) <= 64


@given(word=st.text("0123456789abcdefABCDEF._-xyz", min_size=1, max_size=64))
def test_every_word_has_an_address_of_its_own(word: str) -> None:
    assert UUID(urn(word)).urn == urn(word)
    if urn(word) == urn("abc"):
        assert word == "abc"
