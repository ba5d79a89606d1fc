"""The pages of docs/reference are what `make docs-tables` writes."""

from pathlib import Path

from cortex_adapters.litestar.explained import markdown as errors_markdown
from cortex_adapters.litestar.rights import markdown
from cortex_adapters.server import create_app
from cortex_adapters.settings import load_settings

REFERENCE = Path(__file__).parents[2] / "docs/reference"


def test_rights():
    page = (REFERENCE / "rights.md").read_text(encoding="utf-8")
    assert page == markdown(create_app(load_settings({}))), "run make docs-tables"


def test_errors():
    page = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    assert page == errors_markdown(), "run make docs-tables"
