"""What there is to say of one setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

PREFIX: Final = "CORTEX_"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting; without a default text it is None, or made from others as *meaning* says.

    What is not *used* is checked, and then has no effect in this release.
    """

    name: str
    read: Callable[[str], object]
    form: str
    default: str | None = None
    meaning: str
    used: bool = True

    @property
    def variable(self) -> str:
        """Return the name in the environment."""
        return f"{PREFIX}{self.name.upper()}"
