"""The tools of Prometheus: those that `.ci/prometheus` brought, or those on the PATH."""

import shutil
import subprocess
from pathlib import Path

from tests.missing import missing

ROOT = Path(__file__).parents[1]
BROUGHT = ROOT / ".tools" / "usr" / "bin"
# Debian's build looks for its template here and nowhere else.
SHARED = Path("/usr/share/prometheus/alertmanager")


def tool(name: str) -> str:
    """Return the path of *name*; without it CI fails, and who works on a laptop is told."""
    brought = BROUGHT / name
    found = str(brought) if brought.exists() else shutil.which(name)
    return found or missing(f"{name} is missing: run `make prometheus`, or install it.")


def alertmanager() -> tuple[str, ...]:
    """Return the words that begin a command for Alertmanager."""
    if found := shutil.which("alertmanager"):
        return (found,)
    found = tool("prometheus-alertmanager")
    if SHARED.exists() or not found.startswith(str(BROUGHT)):
        return (found,)
    # What was unpacked stands, for this process alone, where an installation would be.
    shared = BROUGHT.parent / "share"
    apart = ("unshare", "--map-root-user", "--mount")
    if subprocess.run((*apart, "true"), check=False, capture_output=True).returncode != 0:
        missing("Alertmanager cannot be run from where it was unpacked: install it.")
    script = 'mount --bind "$0" /usr/share && exec "$@"'
    return (*apart, "sh", "-c", script, str(shared), found)
