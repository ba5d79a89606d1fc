"""Whether a page of ours is calling: cookies come along whoever's page it is.

Browsers say so themselves, in `Sec-Fetch-Site` (Fetch Metadata), or before that in `Origin`
(RFC 6454 section 7); no page can write either. So no token needs to be carried through forms.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from cortex_adapters.litestar.cookies import Headers
from cortex_core.domain.errors import CrossOriginError

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_IMPLIED: Final = {"http": ":80", "https": ":443"}


def require_own_page(method: str, headers: Headers, public_url: str) -> None:
    """Let requests that change nothing pass, and others that a page of ours makes.

    Raises:
        CrossOriginError: Another page makes it, or nobody says which.
    """
    if method in _SAFE:
        return
    sites = [value for name, value in headers if name == b"sec-fetch-site"]
    origins = [value for name, value in headers if name == b"origin"]
    own = sites == [b"same-origin"] if sites else origins == [origin_of(public_url).encode()]
    if not own:
        raise CrossOriginError


def origin_of(url: str) -> str:
    """Return the origin of *url* as browsers write it: without the port that its scheme implies."""
    parts = urlsplit(url)
    host = parts.netloc.lower().removesuffix(_IMPLIED.get(parts.scheme, ""))
    return f"{parts.scheme}://{host}"
