"""The host that a request names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from cortex_core.domain.errors import MalformedError

__all__ = ["require_host"]

# RFC 3986 section 3.2.2, and the port: a name or an IPv4 address, or an IP literal.
_NAME: Final = rb"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
_LITERAL: Final = rb"\[(?:[0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\]"
_HOST: Final = re.compile(rb"(?:%b|%b)(?::[0-9]{0,5})?" % (_NAME, _LITERAL))


def require_host(headers: Iterable[tuple[bytes, bytes]], *, version: str) -> None:
    """Refuse a request without one host that can be read (RFC 9112 section 3.2).

    Raises:
        MalformedError: It names no host, but is of HTTP/1.1; or several; or one that is none.
    """
    hosts = [value for name, value in headers if name == b"host"]
    if not hosts and version == "1.0":
        return
    if len(hosts) != 1:
        raise MalformedError("A request names its host in one Host header.")
    if not _HOST.fullmatch(hosts[0]):
        raise MalformedError("Host must be a name or an address, with a port or without.")
