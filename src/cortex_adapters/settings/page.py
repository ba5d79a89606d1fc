"""The settings as a page for people."""

from __future__ import annotations

from collections.abc import Iterator

from cortex_adapters.settings.table import SETTINGS


def markdown() -> str:
    """Return the settings that have an effect as a table in Markdown."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    yield "| setting | form | default | meaning |"
    yield "|---|---|---|---|"
    for setting in SETTINGS:
        if setting.used:
            default = f"`{setting.default}`" if setting.default else ""
            yield f"| `{setting.variable}` | {setting.form} | {default} | {setting.meaning} |"
