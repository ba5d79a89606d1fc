"""The page on troubleshooting knows every reason for which a token is refused."""

from pathlib import Path
from typing import get_args

from cortex_adapters.auth0.tokens.refusal import Reason

PAGE = Path(__file__).parents[3] / "docs" / "identity" / "troubleshooting.md"


def test_every_reason_has_its_row() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [reason for reason in get_args(Reason) if f"`{reason}`" not in page] == []
