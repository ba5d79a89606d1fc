"""The gate before every body: strict JSON, or a problem that says what is wrong and where."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_adapters.litestar.strict_json import MAX_DEPTH, decode, parse
from cortex_core.domain.commands import ChangeWorkspace, CreateWorkspace, PostMessage, PutMember
from cortex_core.domain.errors import InvalidInputError, MalformedError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)
SPACE = b" \t\r\n"


@given(value=VALUES, indent=st.sampled_from([None, 0, 3]), ascii_only=st.booleans())
def test_what_is_json_means_what_it_says(value: object, indent: int | None, ascii_only: bool):
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert parse(SPACE + body + SPACE) == value


@given(
    body=st.binary()
    | st.text().map(str.encode)
    | st.text('{}[]",:0123456789.eE+- \t\n\\utrfalsn', max_size=40).map(str.encode)
)
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe{\x00}\x00")
@example("{}".encode("utf-16"))
@example("{}".encode("utf-32"))
@example(b'"\xed\xa0\x80"')
@example(b'"\xc0\xaf"')
@example(b"1" * 5_000)
@example(b"-" + b"9" * 100_000)
@example(b'{"a":1,}')
@example(b"[1]x")
@example(b"{} {}")
@example(b"'a'")
@example(b'"\t"')
@example(b"01")
@example(b"nul")
def test_any_bytes_are_read_or_refused(body: bytes):
    try:
        value = parse(body)
    except MalformedError:
        return
    assert json.loads(body.decode()) == value


@pytest.mark.parametrize(
    "word", [b"NaN", b"Infinity", b"-Infinity", b'{"a": [NaN]}', b'{"a": -Infinity}']
)
def test_what_is_no_number_is_refused(word: bytes):
    with pytest.raises(MalformedError, match="is not JSON"):
        parse(word)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'[{"a": 1, "\\u0061": 2}]',
        b'{"": 1, "": 2}',
    ],
)
def test_a_name_stands_once(body: bytes):
    with pytest.raises(MalformedError, match="same name twice"):
        parse(body)


def test_names_that_only_look_alike_are_two():
    assert parse('{"\u00e9": 1, "e\u0301": 2, "A": 3, "a": 4}'.encode()) == {
        "\u00e9": 1,
        "e\u0301": 2,
        "A": 3,
        "a": 4,
    }


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth_has_an_end(left: str, right: str):
    per = left.count("[") + left.count("{")
    most = MAX_DEPTH // per
    parse((left * most + "0" + right * most).encode())
    for depth in (most + 1, 1_000, 100_000):
        for body in (left * depth, left * depth + "0" + right * depth):
            with pytest.raises(MalformedError, match="levels deep"):
                parse(body.encode())


@pytest.mark.parametrize(
    "body", ["[" * 64 + "]" * 64, '"' + "[" * 9_999 + '"', "[" + "[]," * 999 + "[]]"]
)
def test_width_and_brackets_in_text_are_no_depth(body: str):
    parse(body.encode())


@given(text=st.text('[{"\\x', max_size=30), pad=st.just("[") | st.just('"\\"'))
def test_brackets_in_quotes_are_told_from_brackets(text: str, pad: str):
    """Many brackets make the gate count; it must read quotes and escapes as JSON does."""
    value = [text, pad * 70, {text: [text]}]
    assert parse(json.dumps(value).encode()) == value


def test_numbers_keep_their_kind():
    value = parse(b"[1, 1.0, -0, -0.0, 1e2, 12345678901234567890123]")
    assert [type(item) for item in value] == [int, float, int, float, float, int]  # type: ignore[attr-defined]
    assert math.isinf(parse(b"1e400"))  # type: ignore[arg-type]


def _faults(body: object, type_: Any) -> dict[str, str]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(InvalidInputError) as caught:
        decode(sent, type_)
    msgspec.json.encode(caught.value.faults)
    str(caught.value).encode()
    return {fault.pointer: fault.code for fault in caught.value.faults}


def _messages(body: object, type_: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        decode(json.dumps(body).encode(), type_)
    return [fault.message for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("type_", "field", "value", "message"),
    [
        (CreateWorkspace, "name", 5, "must be text"),
        (CreateWorkspace, "metadata", [], "must be an object"),
        (ChangeWorkspace, "description", 5, "must be text or null"),
        (ChangeWorkspace, "metadata", "x", "must be an object or null"),
        (PostMessage, "respond", "x", "must be true or false"),
    ],
)
def test_kinds_are_said_in_the_words_of_json(
    type_: Any, field: str, value: object, message: str
) -> None:
    assert message in _messages({field: value}, type_)


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command with a field of each other kind."""

    whole: int = 0
    number: float = 0
    names: list[str] | None = None
    inner: PutMember | None = None


def test_no_word_is_that_of_a_language() -> None:
    body: dict[str, object] = {"whole": "x", "number": "x", "names": {}, "inner": {}}
    assert _messages(body, Kinds) == [
        "must be a whole number",
        "must be a number",
        "must be a list or null",
        "needs role",
    ]
    assert _messages({"whole": 1.5, "inner": {"role": "x"}}, Kinds) == [
        "must be a whole number",
        "is not what is allowed here",
    ]
    assert _messages({"inner": {"role": "owner", "y": 1}}, Kinds) == ["does not know y"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "a value is missing at line 1, column 1"),
        (b"{a: 1}", "a name in double quotes is missing at line 1, column 2"),
        (b'{"a":\n 1 "b": 2}', "a comma or an end is missing at line 2, column 4"),
        (b'{"a" 1}', "a colon is missing at line 1, column 6"),
        (b"[1]x", "something follows where it should end at line 1, column 4"),
        (b'"a\tb"', "a control character in a text at line 1, column 3"),
        (b'["abc', "a text without an end begins at line 1, column 2"),
        (b'"\\x"', "an escape that is none at line 1, column"),
        (b'"\\u12"', "an escape that is none at line 1, column"),
        (b"\xef\xbb\xbf{}", "a byte order mark at line 1, column 1"),
        (b"[1,]", "at line 1, column"),
        (b'{"a": 1,}', "at line 1, column"),
        (b"9" * 5_000, "a number is too long"),
        (b'"abc\xff"', "not UTF-8, from byte 5 on"),
    ],
)
def test_what_is_not_json_says_what_and_where(body: bytes, said: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse(body)
    assert said in str(caught.value)
    assert "utf-8-sig" not in str(caught.value)


def test_every_field_that_is_wrong_is_named_at_once():
    body: dict[str, object] = {
        "name": 5,
        "description": None,
        "metadata": [],
        "colour": 1,
        "a/b~c": 2,
    }
    assert _faults(body, CreateWorkspace) == {
        "/name": "type",
        "/description": "type",
        "/metadata": "type",
        "/colour": "unknown",
        "/a~1b~0c": "unknown",
    }


def test_what_is_missing_is_named():
    assert _faults({}, CreateWorkspace) == {"/name": "missing"}
    assert _faults({"topic": 1}, PostMessage) == {"/topic": "unknown", "/content": "missing"}


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"5", b"true", b'[{"name": "x"}]'])
def test_what_is_no_object_is_said_of_the_whole(body: bytes):
    assert _faults(body, CreateWorkspace) == {"": "type"}


def test_only_what_may_be_null_may_be_null():
    assert _faults({"name": None}, ChangeWorkspace) == {"/name": "type"}
    changed = decode(b'{"description": null, "metadata": null}', ChangeWorkspace)
    assert (changed.description, changed.metadata) == (None, None)


def test_kinds_are_not_mixed_up():
    kinds: list[object] = [1, 0, "true", None, [], 1.0]
    for respond in kinds:
        assert _faults({"content": "x", "respond": respond}, PostMessage) == {"/respond": "type"}
    kinds = [1, True, None, ["x"], {}]
    for content in kinds:
        assert _faults({"content": content}, PostMessage) == {"/content": "type"}


@pytest.mark.parametrize("role", ["Owner", "", "admin", None, 1, ["owner"]])
def test_a_word_that_is_none_of_those_allowed_is_named(role: object):
    assert _faults({"role": role}, PutMember) == {"/role": "enum"}
    [message] = _messages({"role": role}, PutMember)
    assert message == "must be one of: owner, editor, viewer"


class Nested(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command with something inside."""

    class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        """What is inside."""

        names: list[str]

    inner: Inner
    many: list[Inner] = []


def test_pointers_reach_what_is_nested():
    assert _faults({"inner": {"names": ["a", 1]}}, Nested) == {"/inner/names/1": "type"}
    body = {"inner": {"names": []}, "many": [{"names": []}, {"names": [None]}]}
    assert _faults(body, Nested) == {"/many/1/names/0": "type"}
    assert _faults({"inner": {}}, Nested).keys() == {"/inner"}


@given(
    body=st.dictionaries(
        st.sampled_from(["content", "metadata", "respond", "other"]) | st.text(), VALUES
    )
)
@example({"\ud800": 1})
@example({"content": "\ud800", "\udfff\x00": {}})
def test_whatever_is_wrong_can_be_said_in_an_answer(body: dict[str, object]):
    try:
        decode(json.dumps(body).encode(), PostMessage)
    except InvalidInputError as error:
        faults, said = error.faults, str(error)
    else:
        return
    assert faults
    msgspec.json.encode(faults)
    said.encode()


@pytest.mark.parametrize("role", ["\ud800", "a\udc00b", "\x00"])
def test_a_word_that_cannot_be_written_can_be_refused(role: str):
    assert _faults({"role": role}, PutMember).keys() == {"/role"}


def test_a_thousand_faults_are_not_answered_with_a_book():
    body = {f"x{n}": 1 for n in range(100_000)}
    with pytest.raises(InvalidInputError) as caught:
        decode(json.dumps(body).encode(), PostMessage)
    assert 10 <= len(caught.value.faults) <= 100
    assert len(str(caught.value)) < 20_000
    assert "/content" in {fault.pointer for fault in caught.value.faults}
