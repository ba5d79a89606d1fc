"""Writes what is made from the registry and the rules.

`python -m deploy.observability`, or only `dashboards` or `pages` of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from deploy.observability.alerts import FOLDER
from deploy.observability.dashboards import dashboards
from deploy.observability.pages import alerting, telemetry

REFERENCE: Final = FOLDER.parents[1] / "docs" / "reference"


def pictures() -> Iterator[tuple[Path, str]]:
    """Yield the file of each dashboard, and what belongs in it."""
    for dashboard in dashboards():
        text = json.dumps(dashboard.grafana(), indent=2, ensure_ascii=False)
        yield FOLDER / "grafana" / f"{dashboard.name}.json", f"{text}\n"


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page of the reference that is made here, and what belongs in it."""
    yield REFERENCE / "telemetry.md", telemetry()
    yield REFERENCE / "alerts.md", alerting()


MADE: Final = {"dashboards": pictures, "pages": pages}


def main(asked: Sequence[str]) -> None:
    """Write what was *asked* for, or all."""
    for name in asked or MADE:
        for path, text in MADE[name]():
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
