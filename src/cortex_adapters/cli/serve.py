"""`cortex serve`."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import socket
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from tempfile import TemporaryDirectory
from typing import Final

from cortex_adapters.cli.endings import CommandError
from cortex_adapters.litestar.app import drain
from cortex_adapters.litestar.correlation import correlation_id
from cortex_adapters.migrations import require_current
from cortex_adapters.server import (
    Place,
    create_app,
    database,
    naming,
    require_servable,
    shown_cause,
)
from cortex_adapters.settings import Settings, load_settings
from cortex_adapters.uvicorn.server import run as run_server
from cortex_adapters.uvicorn.server import serve
from cortex_adapters.uvicorn.workers import supervise
from cortex_core.domain.correlation import correlated

_ADDRESS: Final = ("host", "port", "workers")


def run(asked: Namespace) -> int:
    """Serve until told to leave."""
    arguments = {name: text for name in _ADDRESS if (text := getattr(asked, name)) is not None}
    settings = load_settings(os.environ, arguments=arguments)
    with _listening(settings):
        if settings.workers > 1 and asked.fd is None:
            return _supervise(settings)
        place = Place(worker=asked.worker, workers=settings.workers, folder=asked.siblings)
        with naming(settings.database_url):
            _serve(settings, asked.fd, place)
    return 0


def _serve(settings: Settings, fd: int | None, place: Place) -> None:
    app = create_app(settings, place)

    def started(host: str, port: int) -> None:
        # what is there now stays until the end: the rounds of the collector need not pass it again
        gc.collect()
        gc.freeze()
        announced = settings.development and fd is None
        if announced:
            _announce(settings, host, port)
        if not announced or settings.log_format == "json":
            app.state.service.cortex.ports.telemetry.log("server.listening", host=host, port=port)

    def refused(status: int, code: str, correlation_id: str) -> None:
        telemetry = app.state.service.cortex.ports.telemetry
        telemetry.count("cortex.edge.refused", status=status, code=code)
        with correlated(correlation_id):
            telemetry.log("http.refused", status=status, code=code)

    run_server(
        serve(
            app,
            host=settings.host,
            port=settings.port,
            fd=fd,
            drain=partial(drain, app),
            docs_url=settings.docs_url,
            started=started,
            refused=refused,
            cause=shown_cause(settings),
            word_of=correlation_id,
        )
    )


def _supervise(settings: Settings) -> int:
    require_servable(settings)
    with naming(settings.database_url):
        require_current(asyncio.run(database(settings.database_url).status()))
    command = [sys.executable, "-P", "-m", "cortex_adapters.cli.main", "serve"]
    for name in _ADDRESS:
        command += [f"--{name}", str(getattr(settings, name))]
    with TemporaryDirectory(prefix="cortex-") as siblings:  # open to this user alone
        return supervise(
            [*command, "--siblings", siblings],
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            started=partial(_announce, settings),
        )


def _announce(settings: Settings, host: str, port: int) -> None:
    if settings.development:
        address = f"[{host}]" if ":" in host else host
        several = f", {settings.workers} processes" if settings.workers > 1 else ""
        _print(
            f"Cortex Core {version('cortex-core')} on http://{address}:{port} "
            f"({settings.environment}, {settings.database_url}{several})"
        )


def _print(line: str) -> None:
    """Print *line*, unless the disk is full or the reader gone: that keeps nobody from serving."""
    try:
        print(line, flush=True)
    except OSError:
        # what the buffer holds is tried again at the exit, and would make it a failure
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextmanager
def _listening(settings: Settings) -> Iterator[None]:
    """Say in one line that there is no listening at that address."""
    where = f"{settings.host}:{settings.port}"
    try:
        yield
    except socket.gaierror as error:
        raise CommandError(f"{settings.host} is no address of this machine.") from error
    except OSError as error:
        reason = _REASONS.get(error.errno or 0)
        if reason is None:
            raise
        raise CommandError(f"{where} {reason}") from error


_REASONS: Final = {
    errno.EADDRINUSE: "is in use by another program; choose another port with --port.",
    errno.EADDRNOTAVAIL: "is no address of this machine.",
    errno.EACCES: "needs more rights; choose a port from 1024 on with --port.",
}
