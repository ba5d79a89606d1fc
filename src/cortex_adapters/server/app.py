"""The server, put together: what it works with, opened in order and closed in reverse."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from hmac import compare_digest
from importlib.metadata import version

from litestar import Litestar

from cortex_adapters.litestar.app import Service
from cortex_adapters.litestar.app import create_app as litestar_app
from cortex_adapters.litestar.config import WebConfig
from cortex_adapters.local_identity.issuer import ISSUER
from cortex_adapters.local_identity.open_id import LocalOpenId
from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.retries import JitteredRetry
from cortex_adapters.server.databases import Database, chosen_database, naming, open_events
from cortex_adapters.server.identity import (
    AUDIENCE,
    email_links,
    identity_provider,
    longest_life,
    open_local,
    require_believable,
)
from cortex_adapters.server.issuer import Issuer
from cortex_adapters.server.loop import watching
from cortex_adapters.server.proofs import open_proofs
from cortex_adapters.server.retention import kept
from cortex_adapters.server.schema import SchemaCheck
from cortex_adapters.server.siblings import Place, open_metrics
from cortex_adapters.server.sign_on import open_sign_on, signs_on
from cortex_adapters.server.telemetry import open_telling, shown_cause
from cortex_adapters.server.tenant import open_tenant
from cortex_adapters.server.watched import WatchedStore
from cortex_adapters.settings import Secret, Settings, is_local, load_settings
from cortex_adapters.telemetry.errors import said_by_cause
from cortex_core import Cortex, Ports
from cortex_core.ports import Store, Telemetry
from cortex_core.ports.clock import system_clock


def create_app(settings: Settings | None = None, place: Place | None = None) -> Litestar:
    """Build the server's application, on the settings of the environment unless they are given.

    *place* is that of this process among those that share a port; alone unless it is given.

    Raises:
        SettingsError: The settings do not allow a start.
    """
    settings = settings or load_settings(os.environ)
    require_servable(settings)
    config = WebConfig(
        docs_url=settings.docs_url,
        development=settings.development,
        public_url=settings.public_url,
        issuer=settings.auth0_domain[0] if settings.auth0_domain else ISSUER,
        audience=settings.auth0_audience or AUDIENCE,
        environment=settings.environment,
        version=version("cortex-core"),
        sign_on=signs_on(settings),
        proof_algorithms=settings.dpop_algorithms,
    )
    return litestar_app(partial(open_service, settings, place or Place()), config)


@asynccontextmanager
async def open_service(settings: Settings, place: Place | None = None) -> AsyncIterator[Service]:
    """Open everything a server needs, and answer turns meanwhile.

    Raises:
        BusyError: Another server is using the file.
        SchemaError: The schema is not the one this release needs.
        UnavailableError: The database cannot be reached.
    """
    chosen = chosen_database(settings)
    async with AsyncExitStack() as stack:
        place = place or Place()
        told = stack.enter_context(open_telling(settings, worker=place.worker))
        telemetry = told.telemetry
        _remark(settings, telemetry)
        loop = await stack.enter_async_context(watching(telemetry))
        stack.enter_context(chosen.alone())
        opened = await stack.enter_async_context(open_store(settings, telemetry))
        await _remark_role(settings, chosen, telemetry)
        store = WatchedStore(opened, telemetry, database=str(settings.database_url))
        events, checks = await stack.enter_async_context(open_events(settings.events_url, chosen))
        local = open_local(settings, store)
        open_id = LocalOpenId(local, public_url=settings.public_url)
        tenant = await stack.enter_async_context(open_tenant(settings, telemetry))
        proofs = await open_proofs(settings, store)
        sign_on = open_sign_on(settings, store, tenant, local, open_id, telemetry)
        cortex = Cortex(
            Ports(
                identity=identity_provider(settings, local, tenant, proofs.checker),
                store=store,
                events=events,
                assistant=EchoAssistant(),
                errors=told.errors,
                telemetry=telemetry,
                sign_on=await stack.enter_async_context(sign_on),
                retry=JitteredRetry(),
            ),
            token_lifetime=longest_life(settings),
            email_links=email_links(settings),
            keep=kept(settings),
        )
        await stack.enter_async_context(cortex.working())
        metrics = None
        if told.page is not None:
            metrics = await stack.enter_async_context(open_metrics(told.page, place))
        yield Service(
            cortex=cortex,
            metrics=metrics,
            may_scrape=partial(_is, settings.metrics_token),
            cause=shown_cause(settings),
            reason=said_by_cause,
            issuer=Issuer(local, open_id, proofs.checker) if settings.development else None,
            proof_nonce=proofs.nonce,
            ready={
                "database": partial(require_readable, store),
                "schema": SchemaCheck(chosen.status),
                "loop": loop.require_responsive,
                **chosen.checks(opened),
                **checks,
                **tenant.checks,
            },
        )


@asynccontextmanager
async def open_store(
    settings: Settings, telemetry: Telemetry | None = None
) -> AsyncIterator[Store]:
    """Open the store, and bring SQLite up to date before that on a developer's machine.

    Raises:
        SchemaError: The schema is not the one this release needs.
        UnavailableError: The database cannot be reached.
    """
    chosen = chosen_database(settings)
    async with AsyncExitStack() as stack:
        with naming(settings.database_url):
            if settings.development and chosen.upgrades_itself:
                await chosen.upgrade()
            store = await stack.enter_async_context(chosen.open_store(telemetry=telemetry))
        yield store


def require_servable(settings: Settings) -> None:
    """Raise SettingsError where they ask for what this installation cannot do."""
    require_believable(settings)


async def require_readable(store: Store) -> None:
    """Raise what *store* raises if it cannot be read."""
    async with store.begin(read_only=True, single=True) as work:
        await work.registry.get("epoch")


def _is(secret: Secret | None, shown: bytes) -> bool:
    return secret is not None and compare_digest(secret.reveal().encode(), shown)


def _remark(settings: Settings, telemetry: Telemetry) -> None:
    """Log what is allowed and may surprise."""
    if settings.idle:
        names = ", ".join(settings.idle)
        telemetry.log("settings.without_effect", level="warning", names=names)
    if settings.development and not is_local(settings.host):
        telemetry.log(
            "development.exposed",
            level="warning",
            host=settings.host,
            message="Whoever reaches this server may have a token for anybody.",
        )
    if settings.legacy_until is not None and settings.legacy_until < system_clock().date():
        telemetry.log("legacy_issuer.over", level="warning", until=str(settings.legacy_until))


async def _remark_role(settings: Settings, chosen: Database, telemetry: Telemetry) -> None:
    """Log what the role of the server can do and need not, where that matters."""
    if settings.development or chosen.excess is None:
        return
    role, excess = await chosen.excess()
    if excess:
        telemetry.log(
            "database.role_in_excess", level="warning", role=role, rights=", ".join(excess)
        )
