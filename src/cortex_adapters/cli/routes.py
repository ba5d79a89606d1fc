"""`cortex routes`."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Iterator
from typing import Final

from cortex_adapters.server import create_app
from cortex_adapters.settings import load_settings

_TYPED: Final = re.compile(r"\{(\w+):\w+\}")
_IMPLIED: Final = {"HEAD", "OPTIONS"}


def run(_asked: Namespace) -> int:
    """Print each route's method and path."""
    for path, method in sorted(_routes()):
        print(f"{method:7} {path}")
    return 0


def _routes() -> Iterator[tuple[str, str]]:
    for route in create_app(load_settings(os.environ)).routes:
        for method in getattr(route, "methods", ()):
            if method not in _IMPLIED:
                yield _TYPED.sub(r"{\1}", route.path), method
