"""Whose tokens are taken: what is wrong with those settings together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from cortex_adapters.settings.setting import PREFIX

LOCAL_ISSUER: Final = "https://cortex.local/"
_APPLICATION: Final = ("auth0_client_id", "auth0_client_secret")
_LEGACY: Final = ("legacy_issuer", "legacy_audience", "legacy_secret", "legacy_until")


def issuer_faults(values: Mapping[str, Any], today: date, *, production: bool) -> Iterator[str]:
    """Yield each fault; a setting that could not be read is None, and has its own."""
    domains: tuple[str, ...] = values.get("auth0_domain", ()) or ()
    if "auth0_domain" in values or production:
        yield from _tenant_faults(values, domains, production=production)
    if any(name in values for name in _APPLICATION):
        yield from _application_faults(values, production=production)
    if any(name in values for name in (*_LEGACY, "legacy_permissions")):
        yield from _legacy_faults(values, domains, today, production=production)
    if values.get("link_verified_email") == "on":
        for name in ("auth0_domain", "legacy_issuer"):
            if name not in values:
                yield f"{PREFIX}{name.upper()}: is needed with {PREFIX}LINK_VERIFIED_EMAIL"


def _tenant_faults(
    values: Mapping[str, Any], domains: tuple[str, ...], *, production: bool
) -> Iterator[str]:
    name = f"{PREFIX}AUTH0_DOMAIN"
    if values.get("auth0_domain", ()) == ():
        yield f"{name}: is needed in production; the local issuer lets anybody in"
    if len(set(domains)) < len(domains):
        yield f"{name}: must name each domain once"
    if LOCAL_ISSUER in domains:
        yield f"{name}: must not be the name of the local issuer"
    if production and any(domain.startswith("http:") for domain in domains):
        yield f"{name}: must be reached by https in production"
    if "auth0_audience" not in values:
        yield f"{PREFIX}AUTH0_AUDIENCE: is needed with {name}, and in production"


def _application_faults(values: Mapping[str, Any], *, production: bool) -> Iterator[str]:
    for name in (*_APPLICATION, "auth0_domain"):
        if name not in values:
            yield f"{PREFIX}{name.upper()}: is needed for browsers to sign on"
    if not production:
        return
    if values.get("session_keys", ()) == ():
        yield f"{PREFIX}SESSION_KEYS: is needed in production for browsers to sign on"
    if not str(values.get("public_url", "")).startswith("https:"):
        yield f"{PREFIX}PUBLIC_URL: must be an https address in production for browsers to sign on"


def _legacy_faults(
    values: Mapping[str, Any], domains: tuple[str, ...], today: date, *, production: bool
) -> Iterator[str]:
    for name in _LEGACY:
        if name not in values:
            yield f"{PREFIX}{name.upper()}: is needed with the other settings of that issuer"
    if values.get("legacy_issuer") in {*domains, LOCAL_ISSUER}:
        yield f"{PREFIX}LEGACY_ISSUER: must be the name of no other issuer"
    until: date | None = values.get("legacy_until")
    if production and until is not None and until < today:
        yield f"{PREFIX}LEGACY_UNTIL: {until} is over; remove that issuer"
