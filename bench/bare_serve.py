"""Serve the bare application with the server that the `cortex` command uses."""

from __future__ import annotations

import sys

from bench import bare
from cortex_adapters.uvicorn.server import run, serve

if __name__ == "__main__":
    app = bare.create()
    run(serve(app, port=int(sys.argv[1]), drain=lambda: bare.leave(app)))
