"""Which format is preferred (RFC 9110 section 12.5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.litestar.accept import preferred

A, B = "text/event-stream", "application/json"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ([], A),
        ([b""], A),
        ([b"*/*"], A),
        ([b"application/json"], B),
        ([b"APPLICATION/JSON ; Q=1.0"], B),
        ([b"application/json;version=2;q=0.5"], B),
        ([b"text/*;q=0.4, application/*;q=0.5"], B),
        ([b"text/*;q=0.4", b"application/*;q=0.5"], B),
        ([b"text/event-stream;q=0, */*;q=0.1"], B),
        ([b"text/event-stream;q=0.000"], None),
        ([b"*/*;q=0"], None),
        ([b"image/png, */xml"], None),
        # what cannot be read is left out
        ([b"application/json;q=2, text/event-stream;q=0.1"], A),
        ([b"application/json;q=x"], A),
        ([b"\xff, ;, json"], A),
    ],
)
def test_the_most_exact_range_says_how_much_a_format_is_liked(
    fields: list[bytes], kind: str | None
) -> None:
    assert preferred(fields, (A, B)) == kind


@given(st.lists(st.binary() | st.text("*/;,q=01. ajsonplictext-vrm").map(str.encode)))
def test_any_bytes_have_an_answer(fields: list[bytes]) -> None:
    assert preferred(fields, (A, B)) in {A, B, None}
