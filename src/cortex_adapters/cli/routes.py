"""`cortex routes`."""

from __future__ import annotations

import os
from argparse import Namespace

from cortex_adapters.litestar.rights import markdown, rights
from cortex_adapters.server import create_app
from cortex_adapters.settings import load_settings


def run(asked: Namespace) -> int:
    """Print each route's method and path, or the page of all rights."""
    app = create_app(load_settings(os.environ))
    if asked.rights:
        print(markdown(app), end="")
        return 0
    for right in rights(app):
        print(f"{right.method:7} {right.path}")
    return 0
