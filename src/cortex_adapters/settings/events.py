"""The address of what carries signals between processes."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from cortex_adapters.settings.database import is_local
from cortex_adapters.settings.values import Secret, port

_REDIS: Final = re.compile(
    r"(?P<scheme>rediss?)://(?:[^@/?#\s]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\s]+)(?::(?P<port>[^/?#\s]*))?(?:/(?P<db>\d{1,4}))?"
)
_FORM: Final = "must be redis://user:password@host:port/number, or rediss:// for TLS"


class RedisUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A Redis or Valkey; *shown* is the part of *url* that is no secret."""

    url: Secret
    shown: str
    host: str
    encrypted: bool

    def __str__(self) -> str:
        return self.shown

    @property
    def exposed(self) -> bool:
        """Say whether what goes there may leave this machine unencrypted."""
        return not self.encrypted and not is_local(self.host)


def events_url(text: str) -> RedisUrl:
    """Read that address; ValueError says what is allowed, and quotes nothing."""
    match = _REDIS.fullmatch(text)
    if match is None or not text.isprintable():
        raise ValueError(_FORM)
    if match["port"] is not None:
        try:
            port(match["port"])
        except ValueError:
            raise ValueError("must have a port from 1 to 65535, or none") from None
    place = match["host"] + (f":{match['port']}" if match["port"] else "")
    return RedisUrl(
        url=Secret(text),
        shown=f"{match['scheme']}://{place}/{match['db'] or 0}",
        host=match["host"].strip("[]"),
        encrypted=match["scheme"] == "rediss",
    )
