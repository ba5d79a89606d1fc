"""A sign-on under way: random words that nobody guesses, and a way back that is ours."""

import pytest

from cortex_adapters.auth0.sign_on.attempts import Attempt, new_attempt
from cortex_core.domain.errors import InvalidInputError


def test_each_attempt_has_words_of_its_own() -> None:
    made = [new_attempt("/") for _ in range(100)]
    words = {word for one in made for word in (one.state, one.nonce, one.verifier)}
    assert len(words) == 300
    assert {len(word) for word in words} == {43}


def test_the_challenge_is_that_of_the_rfc() -> None:
    """RFC 7636 appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    attempt = Attempt(state="", nonce="", verifier=verifier, return_to="/")
    assert attempt.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("path", ["/", "/docs", "/a/b?c=d&e=%20#f", "/~ada", "/" + "x" * 1023])
def test_a_path_of_ours_is_a_way_back(path: str) -> None:
    assert new_attempt(path).return_to == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "docs",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/docs\r\nSet-Cookie: a=b",
        "/a b",
        "/a\\b",
        "/\u2028",
        "/é",
        " /docs",
        "/" + "x" * 1024,
    ],
)
def test_what_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        new_attempt(path)
    assert [fault.pointer for fault in caught.value.faults] == ["/return_to"]


def test_nothing_of_it_shows() -> None:
    attempt = new_attempt("/docs")
    assert repr(attempt) == "Attempt()"
