"""README says of the settings what the code says."""

from pathlib import Path

from cortex_adapters.settings.page import markdown
from cortex_adapters.settings.table import SETTINGS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_one_in_the_code():
    assert markdown() in README, f"README should hold:\n{markdown()}"


def test_what_has_no_effect_yet_is_named():
    later = ", ".join(f"`{each.variable}`" for each in SETTINGS if not each.used)
    assert later in README, f"README should hold:\n{later}"
