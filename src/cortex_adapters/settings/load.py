"""Settings as one value, or everything that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal

import msgspec

from cortex_adapters.settings.database import (
    DatabaseUrl,
    MemoryUrl,
    PostgresUrl,
    SqliteUrl,
    exposed,
)
from cortex_adapters.settings.events import RedisUrl
from cortex_adapters.settings.issuers import issuer_faults
from cortex_adapters.settings.setting import PREFIX
from cortex_adapters.settings.sources import Sources
from cortex_adapters.settings.table import SETTINGS
from cortex_adapters.settings.values import Environment, LogFormat, Network, Secret
from cortex_core.domain.errors import SettingsError
from cortex_core.ports import Clock, Level
from cortex_core.ports.clock import system_clock

BESIDE: Final = ("database_pooler_url", "database_replica_url")
"""Addresses that lead to the same data in another way."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment has decided; `table.SETTINGS` says what each means."""

    environment: Environment
    database_url: DatabaseUrl
    database_pooler_url: PostgresUrl | None = None
    database_replica_url: PostgresUrl | None = None
    events_url: RedisUrl | None = None
    keep_messages: int | None = None
    keep_events: int | None = None
    host: str
    port: int
    workers: int
    public_url: str
    docs_url: str
    log_level: Level
    log_levels: tuple[tuple[str, Level], ...]
    log_format: LogFormat
    auth0_domain: tuple[str, ...] = ()
    """Issuers: the tenant's own first, then those of its custom domains."""
    auth0_audience: str | None = None
    auth0_roles_claim: str | None = None
    auth0_rbac: Literal["on", "off"]
    auth0_allowed_clients: tuple[str, ...] = ()
    auth0_organization: str | None = None
    token_leeway: int
    token_max_lifetime: int
    token_max_size: int
    dpop_algorithms: tuple[str, ...]
    dpop_nonce: Literal["off", "required"]
    legacy_issuer: str | None = None
    legacy_audience: str | None = None
    legacy_secret: Secret | None = None
    legacy_permissions: tuple[str, ...] = ()
    legacy_until: date | None = None
    link_verified_email: Literal["on", "off"]
    auth0_client_id: str | None = None
    auth0_client_secret: Secret | None = None
    session_keys: tuple[Secret, ...] = ()
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    metrics_token: Secret | None = None
    rate_limit_url: Secret | None = None
    idle: tuple[str, ...] = ()
    """The variables that were given and have no effect in this release."""

    @property
    def development(self) -> bool:
        """Say whether this is a developer's machine."""
        return self.environment == "development"


def load_settings(
    environ: Mapping[str, str],
    *,
    arguments: Mapping[str, str] | None = None,
    clock: Clock = system_clock,
) -> Settings:
    """Read *arguments* (by setting: `port`), over `CORTEX_*` of *environ*, over `CORTEX_CONFIG`.

    `CORTEX_X_FILE` reads the value of X from a file. The TOML file that `CORTEX_CONFIG` names
    has the same names in lower case, without `CORTEX_`. Empty text is a value, too.

    Raises:
        SettingsError: Something is wrong; it lists all there is, each under its setting's name.
    """
    sources = Sources()
    sources.read(environ, arguments or {})
    values: dict[str, Any] = {}
    unread: dict[str, None] = {}
    for setting in SETTINGS:
        given = sources.given.get(setting.name)
        if given is None:
            if setting.default is not None:
                values[setting.name] = setting.read(setting.default)
            continue
        try:
            values[setting.name] = setting.read(given.text)
        except ValueError as error:
            sources.faults.append(f"{given.label}: {error}")
            unread[setting.name] = None
    sources.faults.extend(_refused(values | unread, environ, clock().date()))
    if sources.faults:
        raise SettingsError(sources.faults)
    return Settings(**_completed(values), idle=_idle(values))


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    host: str = values["host"]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - everywhere is no place to be reached at
        host = "localhost"
    authority = f"[{host}]" if ":" in host else host
    public_url = values.get("public_url", f"http://{authority}:{values['port']}")
    development = values["environment"] == "development"
    return {
        "public_url": public_url,
        "docs_url": f"{public_url}/docs",
        "log_format": "text" if development else "json",
        **values,
    }


def _idle(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(s.variable for s in SETTINGS if s.name in values and not s.used)


def _refused(values: Mapping[str, Any], environ: Mapping[str, str], today: date) -> Iterator[str]:
    """Yield what is wrong with the settings together; one that could not be read is None."""
    database = values["database_url"]
    if (values["workers"] or 1) > 1 and isinstance(database, SqliteUrl | MemoryUrl):
        yield f"{PREFIX}WORKERS: several processes need PostgreSQL; {database} serves from one"
    if values.get("events_url") and isinstance(database, SqliteUrl | MemoryUrl):
        yield f"{PREFIX}EVENTS_URL: is for several processes, and {database} serves from one"
    for name in BESIDE:
        if values.get(name) and isinstance(database, SqliteUrl | MemoryUrl):
            yield f"{PREFIX}{name.upper()}: needs a PostgreSQL in {PREFIX}DATABASE_URL"
    production = values["environment"] == "production"
    yield from issuer_faults(values, today, production=production)
    if production:
        yield from _unsafe(values, database, environ)


def _unsafe(
    values: Mapping[str, Any], database: DatabaseUrl | None, environ: Mapping[str, str]
) -> Iterator[str]:
    """Yield what production refuses."""
    if "*" in (values.get("cors_origins") or ()):
        yield f"{PREFIX}CORS_ORIGINS: must name its origins in production, and not *"
    events: RedisUrl | None = values.get("events_url")
    if events is not None and events.exposed:
        yield (
            f"{PREFIX}EVENTS_URL: must be rediss:// in production, unless the server is on this "
            "machine"
        )
    for name in ("database_url", *BESIDE):
        url = values.get(name)
        if isinstance(url, PostgresUrl) and exposed(url, environ):
            yield (
                f"{PREFIX}{name.upper()}: must have sslmode=verify-full, verify-ca or require in "
                "production, unless the server is on this machine"
            )
    if isinstance(database, MemoryUrl):
        yield f"{PREFIX}DATABASE_URL: must not be memory: in production, which keeps nothing"
