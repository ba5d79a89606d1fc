import time

import pytest

from cortex_adapters.auth0.tokens.strict_json import MAX_DEPTH, read_object
from cortex_core.domain.errors import UnauthenticatedError
from tests.vectors import vectors


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", {}),
        (b' {"a" : 1} ', {"a": 1}),
        (b'{"a":"\\u00e9\\ud83d\\ude00"}', {"a": "\u00e9\U0001f600"}),
        (b'{"a":"[[[[{{{{"}', {"a": "[[[[{{{{"}),
        (b'{"a":"' + b"[" * 100 + b'\\""}', {"a": "[" * 100 + '"'}),
        (b'{"a":-0.5e-3,"b":12345678901234567890}', {"a": -0.0005, "b": 12345678901234567890}),
        (b'{"a":[' + b"[]," * 50 + b"1]}", {"a": [[]] * 50 + [1]}),
        (nested(2), {"a": {"a": 1}}),
    ],
)
def test_what_is_strict_is_read(data: bytes, expected: object):
    assert read_object(data) == expected


def test_depth_is_bounded():
    assert read_object(nested(MAX_DEPTH))
    for levels in (MAX_DEPTH + 1, 2_000):
        with pytest.raises(UnauthenticatedError):
            read_object(nested(levels))


@pytest.mark.parametrize("end", [b"", b"\\", b'\\"', b'"'])
def test_the_time_to_refuse_grows_no_faster_than_what_is_refused(end: bytes):
    """Nothing of it is signed yet: whoever sends a long text must not hold up all others."""
    data = b"[" * (MAX_DEPTH + 1) + b'"' + b'\\"' * 24_000 + end
    before = time.process_time()
    with pytest.raises(UnauthenticatedError):
        read_object(data)
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1",
        b"[]",
        b"null",
        b'"{}"',
        b"{}{}",
        b"{} x",
        b'{"a":1,}',
        b"{'a':1}",
        b"{a:1}",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":{"a":1,"a":2}}',
        b'{"x":[{"a":1,"a":2}]}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":' + b"1" * 21 + b"}",
        b'{"a":1.' + b"1" * 100 + b"}",
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":"\n"}',
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\\ude00\\ud83d"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-32-le"),
        b"[" * 15_000,
        b'{"a":' * 3_000,
    ],
    ids=lambda data: repr(data[:24]) + str(len(data)),
)
def test_what_could_be_read_in_two_ways_is_refused(data: bytes):
    with pytest.raises(UnauthenticatedError) as refusal:
        read_object(data)
    assert refusal.value.reason == "json"
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_every_negative_case_of_the_json_test_suite_is_refused():
    """As it is, and as the value of a member: a part of a token is an object."""
    accepted = []
    for path in sorted(vectors("jsontestsuite", "test_parsing").glob("n_*.json")):
        data = path.read_bytes()
        for text in (data, b'{"a":' + data + b"}"):
            try:
                read_object(text)
            except UnauthenticatedError:
                continue
            accepted.append(path.name)
    assert accepted == []


def test_every_positive_case_of_the_json_test_suite_is_read():
    """But for names that come twice, and a number of 80 digits."""
    refused = []
    for path in sorted(vectors("jsontestsuite", "test_parsing").glob("y_*.json")):
        try:
            read_object(b'{"a":' + path.read_bytes() + b"}")
        except UnauthenticatedError:
            refused.append(path.stem)
    assert refused == [
        "y_number_double_close_to_zero",
        "y_object_duplicated_key",
        "y_object_duplicated_key_and_value",
    ]
