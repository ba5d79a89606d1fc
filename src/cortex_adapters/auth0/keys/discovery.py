"""An issuer's metadata (OpenID Connect Discovery 1.0), and from there its keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from cortex_adapters.auth0.keys.documents import Document, Documents, FetchError
from cortex_adapters.auth0.tokens.key_set import KeySet

MAX_KEYS: Final = 100
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PORTS: Final = {"https": 443, "http": 80}


async def discover(documents: Documents, issuer: str) -> Document:
    """Return the metadata of *issuer*, whose word about where its keys are can be followed.

    Raises:
        FetchError: There is none, it speaks of another issuer, or of keys at another origin.
    """
    base = issuer if issuer.endswith("/") else f"{issuer}/"
    address = same_origin(f"{base}.well-known/openid-configuration", issuer)
    found = await documents.get(address)
    if found.members.get("issuer") != issuer:
        raise FetchError("issuer-differs", detail=found.members.get("issuer"))
    same_origin(found.members.get("jwks_uri"), issuer)
    return found


async def fetch_keys(
    documents: Documents, metadata: Document, issuer: str, algorithms: Iterable[str]
) -> tuple[KeySet, Document]:
    """Return the usable keys of *issuer*, and the document that holds them.

    Raises:
        FetchError: There is no such document, or no key in it that could verify anything.
    """
    found = await documents.get(same_origin(metadata.members.get("jwks_uri"), issuer))
    listed = found.members.get("keys")
    if not isinstance(listed, list):
        raise FetchError("no-keys")
    if len(listed) > MAX_KEYS:
        raise FetchError("many-keys")
    keys = KeySet(found.members, algorithms)
    if not len(keys):
        raise FetchError("no-keys")
    return keys, found


def same_origin(url: object, issuer: str) -> str:
    """Return *url* if it is at the origin of *issuer* (RFC 6454) and the way there is safe.

    Raises:
        FetchError: It is elsewhere, or not https; http is for this machine itself.
    """
    try:
        if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError
        there, here = urlsplit(url), urlsplit(issuer)
        same = _origin(there) == _origin(here) and "@" not in there.netloc and not there.fragment
        safe = there.scheme == "https" or is_loopback(url)
    except ValueError:
        raise FetchError("address", detail=url) from None
    if not same or not safe:
        raise FetchError("address", detail=url)
    return url


def is_loopback(url: str) -> bool:
    """Say whether *url* is plain http to this machine itself."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
