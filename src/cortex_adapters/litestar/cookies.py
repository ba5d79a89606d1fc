"""The cookies of browsers that sign on (RFC 6265bis).

`__Host-` keeps other hosts and insecure pages from setting them; scripts cannot read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from litestar.datastructures import Cookie

from cortex_core.domain.errors import MalformedCredentialError

SESSION: Final = "__Host-cortex-session"
ATTEMPT: Final = "__Host-cortex-attempt-"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE_PART: Final = 16
_OURS: Final = re.compile(rf"{ATTEMPT}[A-Za-z0-9_-]{{{_STATE_PART}}}")
# Of 1,7 KB each at the most, beside one that is new: servers refuse headers that grow too long.
MOST_ATTEMPTS: Final = 4

Headers = Sequence[tuple[bytes, bytes]]


def session_of(headers: Headers) -> str | None:
    """Return the secret that the browser shows, None where it shows none that we could have issued.

    Raises:
        MalformedCredentialError: It shows several.
    """
    found = _values(headers, SESSION)
    if len(found) > 1:
        raise MalformedCredentialError("cookie-repeated")
    return found[0] if found and _SECRET.fullmatch(found[0]) else None


def attempt_of(headers: Headers, state: str) -> str | None:
    """Return what the browser kept of the sign-on that *state* names."""
    if not _STATE.fullmatch(state):
        return None
    found = _values(headers, _attempt(state))
    return found[0] if len(found) == 1 else None


def session_cookie(secret: str, *, seconds: int) -> Cookie:
    """Return the cookie that shows *secret*."""
    return _cookie(SESSION, secret, seconds)


def attempt_cookie(state: str, sealed: str, *, seconds: int) -> Cookie:
    """Return the cookie that keeps a sign-on; its name lets two tabs sign on side by side."""
    return _cookie(_attempt(state), sealed, seconds)


def no_session() -> Cookie:
    """Return what takes the session's cookie away."""
    return _cookie(SESSION, "", 0)


def no_attempt(state: str) -> Cookie:
    """Return what takes a sign-on's cookie away."""
    return _cookie(_attempt(state), "", 0)


def no_more_attempts(headers: Headers) -> list[Cookie]:
    """Return what takes all but the newest sign-ons away; browsers show the oldest first."""
    kept = [name for name, _ in _pairs(headers) if _OURS.fullmatch(name)]
    return [_cookie(name, "", 0) for name in kept[:-MOST_ATTEMPTS]]


def _attempt(state: str) -> str:
    return f"{ATTEMPT}{state[:_STATE_PART]}"


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def _values(headers: Headers, name: str) -> list[str]:
    return [value for key, value in _pairs(headers) if key == name]


def _pairs(headers: Headers) -> Iterator[tuple[str, str]]:
    lines = [value.decode("latin-1") for key, value in headers if key == b"cookie"]
    # A name is exact: other hosts may set what differs in any character, however blank it looks.
    for line in lines:
        for pair in line.split(";"):
            name, _, value = pair.strip(" \t").partition("=")
            yield name, value
