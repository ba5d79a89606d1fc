"""What browsers keep for us, and what of it is taken back."""

import pytest

from cortex_adapters.litestar import cookies
from cortex_core.domain.errors import MalformedCredentialError

SECRET = "s" * 43
STATE = "t" * 43
NAME = cookies.SESSION


def _shown(*lines: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"x"), *((b"cookie", line.encode()) for line in lines)]


@pytest.mark.parametrize(
    "line",
    [f"{NAME}={SECRET}", f"a=b; {NAME}={SECRET}", f"a=b;{NAME}={SECRET};c=d", f"{NAME}={SECRET} "],
)
def test_the_secret_is_found_among_other_cookies(line: str) -> None:
    assert cookies.session_of(_shown(line)) == SECRET


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a=b",
        NAME,
        f"{NAME}=",
        f"{NAME}=short",
        f"{NAME}={SECRET}x",
        f"{NAME}={SECRET[:-1]}!",
        f"{NAME.lower()}={SECRET}",
        f"cortex-session={SECRET}",
        f"x{NAME}={SECRET}",
        f'{NAME}="{SECRET}"',
    ],
)
def test_what_we_cannot_have_issued_is_no_secret(line: str) -> None:
    assert cookies.session_of(_shown(line)) is None


@pytest.mark.parametrize("blank", ["\x85", "\xa0", "\x0b", "\x0c", "\x1c", "\x1f"])
def test_a_name_with_what_some_call_white_space_is_another(blank: str) -> None:
    """`__Host-` holds for names that begin with it: any sibling host may set these."""
    for line in (f"{blank}{NAME}={SECRET}", f"{NAME}{blank}={SECRET}", f"{NAME}={SECRET}{blank}"):
        headers = [(b"cookie", line.encode("latin-1"))]
        assert cookies.session_of(headers) is None
    kept = cookies.attempt_cookie(STATE, "sealed", seconds=60)
    planted = f"{blank}{kept.key}=sealed".encode("latin-1")
    assert cookies.attempt_of([(b"cookie", planted)], STATE) is None


@pytest.mark.parametrize(
    "lines",
    [(f"{NAME}={SECRET}; {NAME}={'x' * 43}",), (f"{NAME}={SECRET}", f"{NAME}={SECRET}")],
)
def test_two_secrets_are_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(MalformedCredentialError):
        cookies.session_of(_shown(*lines))


def test_two_sign_ons_are_kept_side_by_side() -> None:
    other = "u" * 43
    kept = [cookies.attempt_cookie(state, state, seconds=600) for state in (STATE, other)]
    line = "; ".join(f"{cookie.key}={cookie.value}" for cookie in kept)
    assert cookies.attempt_of(_shown(line), STATE) == STATE
    assert cookies.attempt_of(_shown(line), other) == other
    for nothing in ("", "v" * 43, "short", f"{STATE};"):
        assert cookies.attempt_of(_shown(line), nothing) is None


def test_only_what_we_name_so_is_taken_away() -> None:
    names = [cookies.attempt_cookie(f"{n:043}", "", seconds=60).key for n in range(9)]
    others = [f"{cookies.ATTEMPT}short", f"{cookies.ATTEMPT}{'x' * 15}!", NAME, "other"]
    shown = _shown("; ".join(f"{name}=x" for name in [*others, *names]))
    taken = cookies.no_more_attempts(shown)
    assert [cookie.key for cookie in taken] == names[: -cookies.MOST_ATTEMPTS]
    assert {cookie.max_age for cookie in taken} == {0}
    assert cookies.no_more_attempts(_shown(f"{names[0]}=x")) == []


def test_scripts_and_other_hosts_get_none_of_it() -> None:
    for cookie in (
        cookies.session_cookie(SECRET, seconds=60),
        cookies.attempt_cookie(STATE, "sealed", seconds=60),
        cookies.no_session(),
        cookies.no_attempt(STATE),
    ):
        line = cookie.to_header(header="")
        assert line.strip().startswith("__Host-")
        for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
            assert part in line
        assert "Domain" not in line


def test_taking_away_ends_at_once() -> None:
    assert cookies.no_session().max_age == 0
    assert cookies.no_attempt(STATE).key == cookies.attempt_cookie(STATE, "", seconds=9).key
