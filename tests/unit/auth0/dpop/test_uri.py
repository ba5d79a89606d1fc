"""One spelling for each address (RFC 3986 section 6.2)."""

from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cortex_adapters.auth0.dpop.uri import normal_uri


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://a.test", "https://a.test/"),
        ("https://a.test/", "https://a.test/"),
        ("HTTPS://A.Test/B", "https://a.test/B"),
        ("https://a.test:443/b", "https://a.test/b"),
        ("https://a.test:0443/b", "https://a.test/b"),
        ("https://a.test:/b", "https://a.test/b"),
        ("https://a.test:0/b", "https://a.test:0/b"),
        ("https://a.test:00000/b", "https://a.test:0/b"),
        ("https://a.test:80/b", "https://a.test:80/b"),
        ("http://a.test:80/b", "http://a.test/b"),
        ("http://[::1]:8000/b", "http://[::1]:8000/b"),
        ("http://[2001:DB8::1]/b", "http://[2001:db8::1]/b"),
        ("https://a.test/b?c=d&e#f", "https://a.test/b"),
        ("https://a.test?c", "https://a.test/"),
        ("https://a.test/b#f?g", "https://a.test/b"),
        ("https://a.test/./b/../c", "https://a.test/c"),
        ("https://a.test/b/..", "https://a.test/"),
        ("https://a.test/b/.", "https://a.test/b/"),
        ("https://a.test/../../b", "https://a.test/b"),
        ("https://a.test/b//c/", "https://a.test/b//c/"),
        ("https://a.test/%2e%2E/b", "https://a.test/b"),
        ("https://a.test/%7eb%2fc", "https://a.test/~b%2Fc"),
        ("https://a.test/%41%c3%a9", "https://a.test/A%C3%A9"),
        ("https://%61.test/", "https://a.test/"),
    ],
)
def test_an_address_in_its_normal_form(text: str, normal: str):
    assert normal_uri(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/v1/me",
        "//a.test/b",
        "a.test/b",
        "ftp://a.test/b",
        "https:a.test",
        "https:///b",
        "https://u:p@a.test/b",
        "https://u@a.test/b",
        "https://a.test:x/b",
        "https://a.test:123456/b",
        "https://a.test/b c",
        "https://a.test/b\n",
        "https://a.test/b\\c",
        "https://a.test/%zz",
        "https://a.test/%",
        "https://\xe9.test/",
        "https://a.test/\xe9",
        " https://a.test/",
        "https://a.test\\@b.test/",
        "https://[::1/",
        # What only case folding makes an ASCII letter.
        "http\u017f://a.test/",
        "https://\u212a.test/",
    ],
)
def test_what_is_no_address(text: str):
    assert normal_uri(text) is None


SEGMENTS = st.lists(
    st.sampled_from(["", ".", "..", "a", "B", "~", "%7E", "%2e", "%2F", "%c3%A9", "a:b", "%25"]),
    max_size=6,
)


@given(segments=SEGMENTS, port=st.sampled_from(["", ":", ":443", ":80", ":08"]))
def test_a_normal_form_is_its_own_and_stays_on_its_host(segments: list[str], port: str):
    normal = normal_uri(f"https://A.test{port}" + "".join(f"/{one}" for one in segments))
    assert normal is not None
    assert normal_uri(normal) == normal
    assert normal_uri(f"{normal}?x=/../y#z") == normal
    parts = urlsplit(normal)
    assert parts.hostname == "a.test"
    assert not {".", ".."} & {*parts.path.split("/")}


@example("https://a.test/%252e")
@given(st.text("htps:/?#[]@%2eE.aA0\\ \n\xe9", max_size=30).map(lambda rest: f"https://a{rest}"))
def test_any_text_has_one_normal_form_or_none(text: str):
    normal = normal_uri(text)
    if normal is not None:
        assert normal_uri(normal) == normal
        assert normal.isascii()
        assert not {*"?#@\\ \n"} & {*normal.partition("://")[2]} - {"@"}


@given(st.text(max_size=20))
def test_text_in_the_path_is_told_apart(text: str):
    """Two paths are one address only if they mean the same."""
    normal = normal_uri(f"https://a.test/x{quote(text, safe='')}")
    assert normal is not None
    assert unquote(normal) == f"https://a.test/x{text}"
