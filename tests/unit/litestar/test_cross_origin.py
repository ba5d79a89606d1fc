"""Pages of others cannot write with a browser's session."""

import pytest

from cortex_adapters.litestar.cross_origin import origin_of, require_own_page
from cortex_core.domain.errors import CrossOriginError

PUBLIC = "https://Cortex.example/below"
OWN = [(b"origin", b"https://cortex.example")]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_passes(method: str) -> None:
    require_own_page(method, [(b"sec-fetch-site", b"cross-site")], PUBLIC)


@pytest.mark.parametrize(
    "headers",
    [
        OWN,
        [(b"sec-fetch-site", b"same-origin")],
        [(b"sec-fetch-site", b"same-origin"), *OWN],
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_page_of_ours_may_write(method: str, headers: list[tuple[bytes, bytes]]) -> None:
    require_own_page(method, headers, PUBLIC)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"origin", b"null")],
        [(b"origin", b"https://evil.example")],
        [(b"origin", b"http://cortex.example")],
        [(b"origin", b"https://cortex.example:8443")],
        [(b"origin", b"https://cortex.example.evil.example")],
        [*OWN, (b"origin", b"https://evil.example")],
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site")],
        [(b"sec-fetch-site", b"none")],
        [(b"sec-fetch-site", b"cross-site"), *OWN],
        [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"cross-site")],
        [(b"referer", b"https://cortex.example/page")],
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "BREW"])
def test_others_may_not(method: str, headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(CrossOriginError):
        require_own_page(method, headers, PUBLIC)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Cortex.example", "https://cortex.example"),
        ("https://cortex.example:443/below", "https://cortex.example"),
        ("http://cortex.example:80", "http://cortex.example"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_origins_are_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin
