"""What a backup says of itself, in `manifest.json` beside its data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from cortex_adapters.migrations import Applied
from cortex_core.domain.errors import BackupDamagedError, SchemaUnknownError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"

Kind = Literal["sqlite", "postgres"]

_CHUNK: Final = 1 << 20


class TableDigest(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a table has, and their hashes added up, in whatever order they come."""

    table: str
    rows: int
    hash: str


class DataFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a backup."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds, and of which database: never with a secret.

    *made_by* is this program's version, *tool* and *server* are those of the database's own
    programs; *steps* is the ledger of the schema, *seal* the SHA-256 of all the rest.
    """

    format: int = FORMAT
    made_by: str
    kind: Kind
    database: str
    created_at: str
    tool: str
    server: str
    schema_step: int
    steps: Sequence[Applied]
    tables: Sequence[TableDigest]
    file: DataFile
    seal: str = ""

    @property
    def rows(self) -> int:
        """Return how many rows there are in all."""
        return sum(table.rows for table in self.tables)


class _Form(msgspec.Struct, frozen=True):
    format: int


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write *manifest*, sealed, into *folder*."""
    sealed = msgspec.structs.replace(manifest, seal=_seal(manifest))
    text = msgspec.json.format(msgspec.json.encode(sealed), indent=2)
    (folder / MANIFEST).write_bytes(text + b"\n")


def read_manifest(folder: Path) -> Manifest:
    """Return what the backup in *folder* says of itself.

    Raises:
        BackupDamagedError: It has no manifest, or one that is damaged.
        SchemaUnknownError: A later release made it.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
        form = msgspec.json.decode(text, type=_Form).format
        if form > FORMAT:
            raise SchemaUnknownError(f"{folder}: format {form}, of a later release.")
        manifest = msgspec.json.decode(text, type=Manifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupDamagedError(f"{folder}: no backup, or its manifest is damaged.") from error
    if manifest.seal != _seal(manifest) or Path(manifest.file.name).name != manifest.file.name:
        raise BackupDamagedError(f"{folder}: the manifest is damaged.")
    return manifest


def describe_file(file: Path) -> DataFile:
    """Return the size and the SHA-256 of *file*."""
    size, found = 0, hashlib.sha256()
    with file.open("rb") as data:
        while chunk := data.read(_CHUNK):
            size += len(chunk)
            found.update(chunk)
    return DataFile(name=file.name, bytes=size, sha256=found.hexdigest())


def require_whole(folder: Path, manifest: Manifest) -> Path:
    """Return the data of the backup in *folder*, every byte of which was looked at.

    Raises:
        BackupDamagedError: It is gone, or not what was written.
    """
    file = folder / manifest.file.name
    try:
        found = describe_file(file)
    except OSError as error:
        raise BackupDamagedError(f"{file}: cannot be read.") from error
    if found != manifest.file:
        raise BackupDamagedError(f"{file}: is not what was written; its SHA-256 is another one.")
    return file


def _seal(manifest: Manifest) -> str:
    bare = msgspec.structs.replace(manifest, seal="")
    return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()
