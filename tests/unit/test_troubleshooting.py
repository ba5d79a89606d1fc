"""The page on troubleshooting knows every reason for which a caller is refused."""

from pathlib import Path

from cortex_core.domain.refusals import REASONS

PAGE = Path(__file__).parents[2] / "docs" / "identity" / "troubleshooting.md"


def test_every_reason_has_its_row() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [reason for reason in sorted(REASONS) if f"`{reason}`" not in page] == []
