import copy

import pytest
from hypothesis import given

from cortex_core.contract import strategies
from cortex_core.domain.metadata import merge_patch

Json = dict[str, object]


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_cases_of_rfc_7396(target: Json, patch: Json, result: Json) -> None:
    """Appendix A, those whose target and patch are objects."""
    assert merge_patch(target, patch) == result


def test_the_example_of_rfc_7396() -> None:
    """Section 3."""
    target: Json = {
        "title": "Goodbye!",
        "author": {"givenName": "John", "familyName": "Doe"},
        "tags": ["example", "sample"],
        "content": "This will be unchanged",
    }
    patch: Json = {
        "title": "Hello!",
        "phoneNumber": "+01-123-456-7890",
        "author": {"familyName": None},
        "tags": ["example"],
    }
    assert merge_patch(target, patch) == {
        "title": "Hello!",
        "author": {"givenName": "John"},
        "tags": ["example"],
        "content": "This will be unchanged",
        "phoneNumber": "+01-123-456-7890",
    }


@given(target=strategies.raw_metadata(), patch=strategies.raw_metadata())
def test_a_patch_twice_is_a_patch_once(target: Json, patch: Json) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


@given(target=strategies.raw_metadata(), patch=strategies.raw_metadata())
def test_a_patch_leaves_its_arguments_alone(target: Json, patch: Json) -> None:
    before = copy.deepcopy((target, patch))
    merge_patch(target, patch)
    assert (target, patch) == before


@given(target=strategies.raw_metadata())
def test_an_empty_patch_changes_nothing(target: Json) -> None:
    assert merge_patch(target, {}) == target


@given(target=strategies.raw_metadata())
def test_nulls_take_everything_away(target: Json) -> None:
    assert merge_patch(target, dict.fromkeys(target)) == {}
