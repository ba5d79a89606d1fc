"""What an operator can do about an error; the catalogue speaks to callers, and knows no setting."""

from __future__ import annotations

from typing import Final

from cortex_adapters.telemetry.errors import said_by_vendor
from cortex_core.domain.errors import CortexError, StorageReadOnlyError, UnavailableError

_BY_WORDS: Final = (
    ("another server is using", "Stop that server, or let CORTEX_DATABASE_URL name another file."),
    ("cannot be written", "Let the user who runs this write to the file and to its folder."),
    ("cannot be opened", "Make its folder, or correct the path in CORTEX_DATABASE_URL."),
    ("unable to open", "Let CORTEX_DATABASE_URL name a file that can be opened."),
    ("password", "Correct the user and the password in CORTEX_DATABASE_URL."),
    ("role ", "Correct the user in CORTEX_DATABASE_URL, or make that role."),
    ("pg_hba.conf", "Have pg_hba.conf let this user in, or correct CORTEX_DATABASE_URL."),
    ("database ", "Make that database, or correct its name in CORTEX_DATABASE_URL."),
    ("resolve host", "Correct the host in CORTEX_DATABASE_URL."),
    ("translate host", "Correct the host in CORTEX_DATABASE_URL."),
    ("connection to server", "Start PostgreSQL there, or correct CORTEX_DATABASE_URL."),
    ("timeout expired", "Start PostgreSQL there, or correct CORTEX_DATABASE_URL."),
)
"""By the first words found in the message, or in what the vendor said: connecting gives no code."""


def remedy(error: CortexError) -> str:
    """Return what to do about *error*: which setting, where one may be wrong."""
    if type(error) in {UnavailableError, StorageReadOnlyError} or "another server" in str(error):
        # the vendor repeats the name of the server, which may hold any of the words
        words = f"{error} {said_by_vendor(error).rpartition('FATAL:')[2]}"
        for part, advice in _BY_WORDS:
            if part in words:
                return advice
    return error.remedy
