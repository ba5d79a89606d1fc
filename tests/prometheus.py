"""The tools of Prometheus: those that `.ci/prometheus` brought, or those on the PATH."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BROUGHT = ROOT / ".tools" / "usr" / "bin"
# Debian's build looks for its template here and nowhere else.
SHARED = Path("/usr/share/prometheus/alertmanager")


def tool(name: str) -> str:
    """Return the path of *name*; without it CI fails, and who works on a laptop is told."""
    brought = BROUGHT / name
    found = str(brought) if brought.exists() else shutil.which(name)
    if found is None:
        missing = f"{name} is missing: run `make prometheus`, or install it."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def alertmanager() -> tuple[str, ...]:
    """Return the words that begin a command for Alertmanager."""
    found = tool("prometheus-alertmanager")
    if SHARED.exists() or not found.startswith(str(BROUGHT)):
        return (found,)
    # What was unpacked stands, for this process alone, where an installation would be.
    shared = BROUGHT.parent / "share"
    script = 'mount --bind "$0" /usr/share && exec "$@"'
    return ("unshare", "--map-root-user", "--mount", "sh", "-c", script, str(shared), found)
