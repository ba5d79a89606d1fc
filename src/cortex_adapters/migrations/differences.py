"""In what two schemas differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def differing(found: Mapping[str, str], made: Mapping[str, str]) -> Sequence[str]:
    """Say in what the parts that were *found* differ from those that the steps *made*."""
    return [
        *(f"missing: {part}" for part in sorted(made.keys() - found.keys())),
        *(f"not of a step: {part}" for part in sorted(found.keys() - made.keys())),
        *(
            f"differs: {part}: {found[part]}, not {made[part]}"
            for part in sorted(found.keys() & made.keys())
            if found[part] != made[part]
        ),
    ]
