"""JSON on its way: the same by value, and what cannot go is found."""

import json
import math
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given

from cortex_adapters.moving.json_text import normal, unfit
from cortex_core.contract.strategies import metadata
from cortex_core.domain.metadata import normal_metadata


@given(metadata())
def test_what_is_stored_is_in_normal_form_already(value: dict[str, Any]):
    stored = msgspec.json.encode(normal_metadata(value)).decode()
    assert normal(stored) == stored
    assert unfit(stored, by_value=True) is None


@given(metadata())
def test_the_form_does_not_depend_on_order_or_space(value: dict[str, Any]):
    stored = msgspec.json.encode(normal_metadata(value)).decode()
    other = json.dumps(dict(reversed(json.loads(stored).items())), indent=1)
    assert normal(other) == normal(stored)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('{"a":1.0}', '{"a":1}'),
        ('{"a":-0.0}', '{"a":0}'),
        ('{"a":1e2}', '{"a":100}'),
        ('{"b":1,"a":2}', '{"a":2,"b":1}'),
        ('{"a":"\\u00e9"}', '{"a":"é"}'),
        ('{"a":' + "1" + "0" * 300 + "}", '{"a":1e300}'),
        ('{"a":9007199254740993}', '{"a":9007199254740993}'),
    ],
)
def test_numbers_and_texts_are_compared_by_value(text: str, same: str):
    assert normal(text) == normal(same)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a":1,"a":2}', "must have each name once"),
        ('{"a":NaN}', "must not contain NaN"),
        ('{"a":1e400}', "double's range"),
        ('{"a":"\\u0000"}', "lone surrogates"),
        ('{"a\\ud800":1}', "lone surrogates"),
        ('["\\udc00"]', "lone surrogates"),
        ("\x00{}", "U\\+0000"),
        ("{", "must be JSON"),
        ("[" * 901 + "]" * 901, "levels deep"),
        ("[" * 100_000, "deep|must be JSON"),
    ],
)
def test_what_only_one_side_can_hold_is_found(text: str, reason: str):
    found = unfit(text, by_value=True)
    assert found is not None
    assert re.search(reason, found)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":1.0}', '{"a":"\\ud83d\\ude00"}', "[[]]"])
def test_what_is_kept_to_the_byte_may_look_as_it_likes(text: str):
    assert unfit(text, by_value=False) is None


def test_brackets_within_texts_are_no_levels():
    assert unfit(json.dumps(["[" * 2_000 + '\\"']), by_value=True) is None


def test_infinity_is_not_made_of_anything():
    assert math.isfinite(json.loads(normal('{"a":1e308}'))["a"])
