"""Requests a second, by `wrk` (Debian package wrk)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

__all__ = ["Load", "available", "load", "requests_per_second"]

_MILLIS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_SCRIPT = """
local paths = {paths}
local turn = 0
wrk.method = {method}
wrk.body = {body}
{headers}
request = function()
  turn = turn % #paths + 1
  return wrk.format(nil, paths[turn])
end
"""


class Load(msgspec.Struct, frozen=True):
    """What came of it: successful answers a second, and how long 99 of 100 took at the most."""

    rate: float
    p99_ms: float


def available() -> bool:
    """Say whether `wrk` is installed."""
    return shutil.which("wrk") is not None


def requests_per_second(
    port: int,
    paths: Sequence[str],
    *,
    method: str = "GET",
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: int = 5,
) -> float:
    """Return the successful answers a second on loopback, going round *paths*.

    Raises:
        RuntimeError: Some request failed, so that the figure would mean nothing.
    """
    return load(port, paths, method=method, body=body, headers=headers, seconds=seconds).rate


def load(
    port: int,
    paths: Sequence[str],
    *,
    method: str = "GET",
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    connections: int = 32,
    seconds: int = 5,
) -> Load:
    """Ask for *paths* in turn on loopback, each connection as soon as it has its answer.

    Raises:
        RuntimeError: Some request failed, so that the figure would mean nothing.
    """
    script = _SCRIPT.format(
        paths="{" + ",".join(json.dumps(path) for path in paths) + "}",
        method=json.dumps(method),
        body="nil" if body is None else json.dumps(body),
        headers="\n".join(
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
            for name, value in (headers or {}).items()
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        lua = Path(folder) / "load.lua"
        lua.write_text(script, encoding="utf-8")
        url = f"http://127.0.0.1:{port}"
        said = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(lua), url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if found is None or slowest is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"not every request succeeded:\n{said}")
    return Load(float(found[1]), float(slowest[1]) * _MILLIS[slowest[2]])
