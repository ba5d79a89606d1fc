"""Readers of single values: text in, a value out, or a ValueError that says what is allowed."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal, TypeVar

T = TypeVar("T")

Environment = Literal["development", "production"]
LogFormat = Literal["text", "json"]
Network = IPv4Network | IPv6Network

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_PORT: Final = r"(?::[0-9]{1,5})?"
_LOOPBACK: Final = r"(?:127\.0\.0\.1|localhost|\[::1\])"
_AUTHORITY: Final = rf"https?://(?:{_HOST}|\[[0-9A-Fa-f:.]+\]){_PORT}"
_LONGEST_SECRET: Final = 4_096
_LEAST_KEY: Final = 32


class Secret:
    """Text that shows itself to nobody who does not ask for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(...)"


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Read a number from *least* to *most*."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a number from {least} to {most}")
        return int(text)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Read one of *words*."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be {' or '.join(words)}")
        return text

    return read


def shaped(pattern: str, allowed: str) -> Callable[[str], str]:
    """Read text of the form *pattern*, which *allowed* describes."""

    def read(text: str) -> str:
        if len(text) > _LONGEST_SECRET or not re.fullmatch(pattern, text):
            raise ValueError(f"must be {allowed}")
        return text

    return read


def secret(allowed: str, *, pattern: str = r"[!-~]+") -> Callable[[str], Secret]:
    """Read a secret of the form *pattern*, which *allowed* describes."""
    read_text = shaped(pattern, allowed)
    return lambda text: Secret(read_text(text))


def signing_secret(text: str) -> Secret:
    """Read what HS256 signs with: at least 32 bytes (RFC 7518 section 3.2)."""
    try:
        good = re.fullmatch(r"[!-~]+", text) and len(signing_bytes(text)) >= _LEAST_KEY
    except ValueError:
        good = False
    if not good or len(text) > _LONGEST_SECRET:
        raise ValueError(
            "must be at least 32 printable characters without spaces, or base64: and at least"
            " 32 bytes in base64"
        )
    return Secret(text)


def signing_bytes(text: str) -> bytes:
    """Return what *text* signs with: its own bytes, or those that it spells after `base64:`."""
    plain, mark, spelt = text.partition("base64:")
    return b64decode(spelt, validate=True) if mark and not plain else text.encode()


def listed(read_one: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """Read a list: items between commas, none for empty text."""

    def read(text: str) -> tuple[T, ...]:
        items = [item.strip() for item in text.split(",")] if text.strip() else []
        return tuple(read_one(item) for item in items)

    return read


def logger_level(text: str) -> tuple[str, str]:
    """Read the name of a logger, and its level."""
    name, _, level = text.partition("=")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name):
        raise ValueError("must be name=level, such as httpx2=debug")
    return name, one_of("debug", "info", "warning", "error")(level)


def distinct(read_one: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """Read a list whose items are named once each."""
    read_all = listed(read_one)

    def read(text: str) -> tuple[T, ...]:
        items = read_all(text)
        if len({*items}) < len(items):
            raise ValueError("must name each once")
        return items

    return read


def network(text: str) -> Network:
    """Read an address, or a network of them."""
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError("must be addresses or networks, such as 10.0.0.0/8, 192.0.2.7") from None


def web_address(text: str) -> str:
    """Read an address of the web without parameters; a slash at its end is dropped."""
    if not re.fullmatch(rf"{_AUTHORITY}(?:/[A-Za-z0-9._~%-]+)*/?", text):
        raise ValueError("must be an http or https address, such as https://cortex.example.com")
    return text.rstrip("/")


def issuer(text: str) -> str:
    """Read the domain of a tenant as the issuer that its tokens name.

    http is for an issuer on this machine itself.
    """
    if re.fullmatch(rf"{_HOST}", text):
        return f"https://{text.lower()}/"
    if re.fullmatch(rf"http://{_LOOPBACK}{_PORT}/?", text):
        return text.rstrip("/") + "/"
    raise ValueError("must be host names, such as tenant.eu.auth0.com, login.example.com")


def day(text: str) -> date:
    """Read a date."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("must be a date, such as 2027-03-31")


port = whole_number(1, 65_535)
listening_host = shaped(r"[A-Za-z0-9._:-]{1,255}", "an address or a host name, without a port")
claim_name = shaped(
    r"https?://(?!(?:[^/]*\.)?(?:auth0\.com|webtask\.io|webtask\.run)/)[!-~]{1,200}/[A-Za-z0-9_-]{1,50}",
    "a name within a namespace of your own, such as https://example.com/roles",
)
allowed_host = shaped(
    rf"\*|(?:\*\.)?{_HOST}{_PORT}|\[[0-9A-Fa-f:.]+\]{_PORT}",
    "host names, such as cortex.example.com, *.example.com",
)
origin = shaped(
    rf"\*|{_AUTHORITY}", "origins, such as https://app.example.com, without a path; or *"
)
word = shaped(r"[!-~]{1,255}", "1 to 255 printable characters without spaces")
