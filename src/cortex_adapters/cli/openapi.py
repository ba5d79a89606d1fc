"""`cortex openapi`."""

from __future__ import annotations

import os
from argparse import Namespace

import msgspec

from cortex_adapters.litestar.openapi import build_document
from cortex_adapters.server import create_app
from cortex_adapters.settings import load_settings


def run(_asked: Namespace) -> int:
    """Print the document that the server gives at /openapi.json, indented."""
    app = create_app(load_settings(os.environ))
    document = msgspec.json.encode(build_document(app, app.state.config))
    print(msgspec.json.format(document, indent=2).decode())
    return 0
