"""The server with its identity switched off: whoever comes is the same person."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from cortex_adapters.litestar.app import Service, create_app, drain
from cortex_adapters.litestar.config import WebConfig
from cortex_adapters.server import open_service
from cortex_adapters.settings import load_settings
from cortex_adapters.uvicorn.server import run, serve
from cortex_core import Cortex, Principal
from cortex_core.domain.policy import PERMISSIONS
from cortex_core.ports import Credential

ANYBODY = Principal(
    kind="user", issuer="https://bench.example/", subject="anybody", permissions=PERMISSIONS
)


class OpenDoor:
    """Believes everybody."""

    async def authenticate(self, credential: Credential) -> Principal:
        """Return the one principal, whatever the *credential*."""
        del credential
        return ANYBODY


def main(port: int) -> None:
    """Serve on *port*."""
    settings = load_settings(os.environ)
    config = WebConfig(
        docs_url=settings.docs_url,
        development=True,
        public_url=settings.public_url,
        issuer="https://bench.example/",
        audience="bench",
        environment="bench",
        version="0",
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with open_service(settings) as service:
            ports = replace(service.cortex.ports, identity=OpenDoor(), sign_on=None)
            yield replace(service, cortex=Cortex(ports))

    app = create_app(opened, config)
    run(serve(app, port=port, drain=partial(drain, app)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
