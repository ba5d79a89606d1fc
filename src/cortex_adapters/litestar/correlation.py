"""The word that ties one request's answer, log lines and errors together."""

from __future__ import annotations

import re
from random import getrandbits
from typing import Final
from uuid import UUID

from litestar.types import Scope

HEADER: Final = b"x-correlation-id"
_ACCEPTED: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_KEY: Final = "cortex_correlation_id"


def correlation_id(scope: Scope) -> str:
    """Return the request's correlation id: the caller's if it is acceptable, else a fresh one."""
    state: dict[str, str] = scope["state"]
    if _KEY not in state:
        state[_KEY] = _offered(scope) or str(UUID(int=getrandbits(128), version=4))
    return state[_KEY]


def _offered(scope: Scope) -> str | None:
    values = [value for name, value in scope["headers"] if name == HEADER]
    if len(values) == 1 and _ACCEPTED.fullmatch(values[0]):
        return values[0].decode("ascii")
    return None
