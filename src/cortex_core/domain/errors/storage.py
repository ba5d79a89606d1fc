"""The database cannot be used as it is."""

from __future__ import annotations

from cortex_core.domain.errors.base import CortexError
from cortex_core.domain.errors.dependencies import UnavailableError


class StorageFullError(UnavailableError):
    """The storage has no room left; nothing was written."""

    code = "storage-full"
    title = "Storage full"
    severity = "critical"
    category = "storage"
    operator = "Make room; nothing needs to be restarted."
    runbook = "CortexDiskFilling"


class StorageReadOnlyError(UnavailableError):
    """The storage takes no writes here; nothing was written."""

    code = "storage-read-only"
    title = "Storage read-only"
    category = "storage"
    operator = "Look whether the server writes to a standby, and what rights it has to the file."
    runbook = "CortexNotReady"


class FrozenError(UnavailableError):
    """Writes wait for some seconds, while the data goes to another database; reads go on."""

    code = "frozen"
    title = "Writes frozen"
    remedy = "Send the request again after the time that Retry-After names."
    category = "storage"
    operator = "Let `cortex db move` end, or run it again; `cortex db move abort` lets writes in."
    retry_after = 2


class StorageForbiddenError(UnavailableError):
    """The storage does not grant this server a right that it needs; nothing was written."""

    code = "storage-forbidden"
    title = "Storage forbidden"
    remedy = "Have the operator grant the server its rights in the database."
    retryable = False
    severity = "critical"
    category = "storage"
    operator = "Grant the server's role what it needs: `cortex check` names it."
    runbook = "CortexNotReady"


class StorageCorruptError(CortexError):
    """The storage is damaged and needs its operator."""

    code = "storage-corrupt"
    title = "Storage corrupt"
    remedy = "Restore the database from a backup."
    severity = "critical"
    category = "storage"
    operator = "Stop the server, keep the damaged file, and restore a backup."
    runbook = "CortexNotReady"


class SchemaError(CortexError):
    """The schema of the database is not the one this release needs."""

    code = "schema-mismatch"
    title = "Schema mismatch"
    remedy = "Run: cortex db upgrade"
    severity = "critical"
    category = "storage"
    operator = "Run `cortex db upgrade` of this release."
    runbook = "CortexNotReady"


class SchemaUnknownError(SchemaError):
    """The schema of the database is none that this release knows."""

    code = "schema-unknown"
    title = "Schema unknown"
    remedy = "Run the release that made it, or use another database."
    operator = "Run the release that made it, or name another database."


class NoWayBackError(SchemaError):
    """A step of the schema cannot be taken back, or not without losing what was not given up."""

    code = "schema-no-way-back"
    title = "No way back"
    remedy = "Leave the schema as it is, or restore a backup that was made before the step."
    operator = "Leave the schema as it is, or restore a backup that was made before the step."


class MovedError(CortexError):
    """The data of this database has moved to another one, or is not all here yet."""

    code = "moved"
    title = "Data moved"
    remedy = "Ask the operator to start the server on the database that has the data."
    severity = "critical"
    category = "storage"
    operator = "Set `CORTEX_DATABASE_URL` to the database that has the data, or end the move."
    runbook = "CortexNotReady"


class BackupDamagedError(CortexError):
    """The backup is not whole, or not what its manifest says."""

    code = "backup-damaged"
    title = "Backup damaged"
    remedy = "Use another backup."
    severity = "critical"
    category = "storage"
    operator = "Use another backup, and look at the disk that this one is on."


class ToolMissingError(CortexError):
    """A program that this needs is not installed, or is of the wrong version."""

    code = "tool-missing"
    title = "Program missing"
    remedy = "Install the client programs of PostgreSQL, or name their folder with --tools."
    severity = "error"
    category = "storage"
    operator = "Install the client programs of the PostgreSQL that the server runs."
