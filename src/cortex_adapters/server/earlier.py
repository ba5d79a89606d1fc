"""The earlier system's data, taken over into the database of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cortex_adapters.settings import Settings, SqliteUrl
from cortex_core.domain.errors import SettingsError
from cortex_core.ports.clock import system_clock

if TYPE_CHECKING:
    from cortex_adapters.sqlite.earlier import TakenOver


async def take_over(settings: Settings, file: str, *, issuer: str | None) -> TakenOver:
    """Take all that is in *file* over; its users are those of *issuer*, or of the legacy one.

    Raises:
        SettingsError: The database is not in a file, or nobody says whose users they are.
    """
    from cortex_adapters.sqlite import earlier, lock  # noqa: PLC0415 - may be missing

    if not isinstance(settings.database_url, SqliteUrl):
        raise SettingsError(["CORTEX_DATABASE_URL: must name a file; cortex db move does the rest"])
    issuer = issuer or settings.legacy_issuer
    if not issuer:
        raise SettingsError(["CORTEX_LEGACY_ISSUER: must say whose users they are; or --issuer"])
    path = settings.database_url.path
    with lock.serving(path):
        return await earlier.take_over(file, path, issuer=issuer, now=system_clock())
