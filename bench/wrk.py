"""Requests a second, by `wrk` (Debian package wrk)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["available", "requests_per_second"]

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
    connections: int = 32,
    seconds: int = 5,
) -> float:
    """Return the successful answers a second on loopback, going round *paths*.

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
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(lua), url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"not every request succeeded:\n{said}")
    return float(found[1])
