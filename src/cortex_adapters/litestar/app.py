"""The application: routes, the errors they end in, and the service behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from litestar import Litestar
from litestar.exceptions import HTTPException

from cortex_adapters.litestar.auth import authentication
from cortex_adapters.litestar.call import MAX_BODY, Call
from cortex_adapters.litestar.challenges import Challenges
from cortex_adapters.litestar.config import WebConfig
from cortex_adapters.litestar.errors import ErrorAnswers
from cortex_adapters.litestar.gate import require_understood
from cortex_adapters.litestar.headers import finish
from cortex_adapters.litestar.health import Check, Health
from cortex_adapters.litestar.issuer import DevelopmentIssuer
from cortex_adapters.litestar.methods import with_implied
from cortex_adapters.litestar.observed import observed
from cortex_adapters.litestar.paths import canonical_paths
from cortex_adapters.litestar.proofs import NonceSource
from cortex_adapters.litestar.routes import (
    conversations,
    dev_sign_on,
    docs,
    events,
    health,
    identity,
    messages,
    metrics,
    search,
    sign_on,
    users,
    workspaces,
)
from cortex_core import Cortex
from cortex_core.domain.errors import CortexError

__all__ = ["Service", "WebConfig", "create_app", "drain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the routes work with.

    issuer: in development only.
    metrics: gives them in the text format of Prometheus, where they are kept.
    may_scrape: says whether a token is the one for metrics.
    cause: says in one line what an error goes back to, in development only.
    reason: says the same, always, for the log.
    proof_nonce: gives the nonce that proofs must hold, where they must.
    """

    cortex: Cortex
    issuer: DevelopmentIssuer | None = None
    proof_nonce: NonceSource | None = None
    ready: Mapping[str, Check] = field(default_factory=dict)
    metrics: Callable[[], Awaitable[bytes]] | None = None
    may_scrape: Callable[[bytes], bool] = lambda _token: False
    cause: Callable[[CortexError], str] = lambda _error: ""
    reason: Callable[[CortexError], str] = lambda _error: ""


def create_app(
    open_service: Callable[[], AbstractAsyncContextManager[Service]], config: WebConfig
) -> Litestar:
    """Build the application; the service is opened at start-up and closed at shutdown."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_service() as service:
            app.state.service = service
            health = app.state.health = Health(service.ready, service.cortex.ports)
            async with health.watched():
                yield

    answers = ErrorAnswers(
        challenges=Challenges(
            resource_metadata=f"{config.public_url}/.well-known/oauth-protected-resource",
            algorithms=config.proof_algorithms,
        ),
    )
    handlers = with_implied(
        [
            *users.handlers,
            *workspaces.handlers,
            *conversations.handlers,
            *messages.handlers,
            *search.handlers,
            *events.handlers,
            *health.handlers,
            *metrics.handlers,
            *identity.handlers,
            *(identity.development_handlers if config.development else ()),
            *(dev_sign_on.handlers if config.development else ()),
            *(sign_on.handlers if config.sign_on else ()),
            *docs.handlers,
        ]
    )
    app = Litestar(
        handlers,
        request_class=Call,
        middleware=[canonical_paths, authentication],
        before_request=require_understood,
        before_send=[finish],
        lifespan=[lifespan],
        exception_handlers={
            CortexError: answers.named,
            HTTPException: answers.framework,
            Exception: answers.unexpected,
        },
        openapi_config=None,
        request_max_body_size=MAX_BODY,
        logging_config=None,
    )
    app.asgi_handler = observed(app.asgi_handler)
    app.state.config = config
    return app


def drain(app: Litestar) -> None:
    """Begin to leave: not ready any more, streams end with a goodbye, no more turns are taken."""
    app.state.health.leaving = True
    app.state.service.cortex.leave()
