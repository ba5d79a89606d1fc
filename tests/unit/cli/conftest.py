"""A command line in an empty folder, with no settings but a test's own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cortex_adapters.cli.main import main

Cortex = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cortex(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Cortex:
    """Run one command; return its exit code, and what it wrote to stdout and stderr."""
    for name in os.environ:
        if name.startswith("CORTEX_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            for name, text in settings.items():
                patch.setenv(f"CORTEX_{name.upper()}", text)
            code = main(arguments)
        return code, *capfd.readouterr()

    return run
