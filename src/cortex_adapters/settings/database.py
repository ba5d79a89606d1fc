"""The address of the database, in one of three kinds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote

import msgspec

from cortex_adapters.settings.values import Secret, port

_POSTGRES: Final = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^@/?#\s]*)@)?(?P<hosts>[^@/?#\s]*)"
    r"(?:/(?P<name>[^@/?#\s]*))?(?:\?(?P<query>[^#\s]*))?"
)
_PLACE: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(?::(?P<port>[^:]*))?")
_ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})
_KINDS: Final = (
    "must be sqlite:///path, postgresql://user:password@host/name or memory:; "
    "what is special in a URL is written as %XX"
)


class SqliteUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A file: `sqlite:///relative/path` or `sqlite:////absolute/path`."""

    path: str

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


class PostgresUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A server; *conninfo* is the address as libpq takes it, *shown* the part that is no secret.

    The rest is what the address itself says about where it leads, and how.
    """

    conninfo: Secret
    shown: str
    user: str | None = None
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    sslmode: str | None = None
    by_service: bool = False

    def __str__(self) -> str:
        return self.shown


class MemoryUrl(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is kept."""

    def __str__(self) -> str:
        return "memory:"


DatabaseUrl = SqliteUrl | PostgresUrl | MemoryUrl


def database_url(text: str) -> DatabaseUrl:
    """Read the address of a database; ValueError says what is allowed, and quotes nothing."""
    if not text.isprintable():
        raise ValueError(_KINDS)
    if text == "memory:":
        return MemoryUrl()
    if text.startswith("sqlite:///"):
        return _sqlite(text.removeprefix("sqlite:///"))
    match = _POSTGRES.fullmatch(text)
    if match is None:
        raise ValueError(_KINDS)
    return _postgres(match)


def postgres_url(text: str) -> PostgresUrl:
    """Read the address of a PostgreSQL, or of what stands before one."""
    url = database_url(text)
    if not isinstance(url, PostgresUrl):
        raise ValueError("must be postgresql://user:password@host/name")
    return url


def _sqlite(path: str) -> SqliteUrl:
    if not path or "?" in path or path.startswith(":memory:"):
        raise ValueError("must name a file, such as sqlite:///./cortex.db, without parameters")
    return SqliteUrl(path=path)


def _postgres(match: re.Match[str]) -> PostgresUrl:
    parameters = _parameters(match["query"] or "")
    places, name = match["hosts"], match["name"] or ""
    user = parameters.get("user") or unquote((match["user"] or "").partition(":")[0])
    hosts: list[str] = []
    for place in places.split(","):
        one = _PLACE.fullmatch(place)
        if one is None:
            raise ValueError(_KINDS)
        if one["port"] is not None:
            try:
                port(one["port"])
            except ValueError:
                raise ValueError("must have a port from 1 to 65535, or none") from None
        hosts.append(unquote(one["host"]).strip("[]"))
    named = parameters.get("host")
    return PostgresUrl(
        conninfo=Secret(match[0]),
        user=user or None,
        shown=f"postgresql://{places}/{name}" + (f"?host={named}" if named else ""),
        hosts=tuple(named.split(",") if named else filter(None, hosts)),
        addresses=tuple(filter(None, parameters.get("hostaddr", "").split(","))),
        sslmode=parameters.get("sslmode"),
        by_service="service" in parameters,
    )


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if not equals or not name or name in found:
            raise ValueError("must have parameters of the form name=value, each name once")
        found[name] = unquote(value)
    return found


def exposed(url: PostgresUrl, environ: Mapping[str, str]) -> bool:
    """Say whether what goes to the database may leave this machine unencrypted.

    libpq takes what the address leaves out from *environ*, or from a service file: what that
    says cannot be seen from here, so beside it only the address's own sslmode counts.
    """
    if url.by_service or "PGSERVICE" in environ:
        return url.sslmode not in _ENCRYPTED
    if (url.sslmode or environ.get("PGSSLMODE")) in _ENCRYPTED:
        return False
    addresses = url.addresses or _split(environ.get("PGHOSTADDR"))
    hosts = addresses or url.hosts or _split(environ.get("PGHOST"))
    return not all(map(is_local, hosts))


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def is_local(host: str) -> bool:
    """Say whether *host* is this machine: loopback, or the folder of a Unix socket."""
    if host.startswith(("/", "@")) or host in {"", "localhost"}:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
