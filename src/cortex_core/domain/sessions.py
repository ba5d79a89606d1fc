"""What is remembered of signing on and off: sessions, and what has been revoked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

from cortex_core.domain.errors import Fault, InvalidInputError
from cortex_core.domain.models import Entity
from cortex_core.domain.text import IDENTITY_LENGTH, text_faults

SEALED_BYTES: Final = 64 * 1024

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Session(Entity, frozen=True, kw_only=True):
    """A browser that has signed on.

    *digest* is the SHA-256, in hexadecimal, of the secret that the browser holds and nobody else;
    *session_id* names the session at the identity provider; *sealed* holds the tokens, encrypted.
    Each refresh of the tokens makes a new version. Nothing lasts beyond *expires_at*.
    """

    digest: str
    issuer: str
    subject: str
    session_id: str | None = None
    sealed: bytes
    version: int = 1
    created_at: datetime
    updated_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        faults = [
            *_digest_faults(self.digest),
            *text_faults("/issuer", self.issuer, least=1, most=IDENTITY_LENGTH),
            *text_faults("/subject", self.subject, least=1, most=IDENTITY_LENGTH),
        ]
        if self.session_id is not None:
            faults += text_faults("/session_id", self.session_id, least=1, most=IDENTITY_LENGTH)
        if len(self.sealed) > SEALED_BYTES:
            faults.append(Fault("/sealed", "length", f"must have at most {SEALED_BYTES} bytes"))
        if faults:
            raise InvalidInputError(*faults)

    def __repr__(self) -> str:
        return f"Session(issuer={self.issuer!r}, version={self.version})"


class RevocationKind(StrEnum):
    """What was revoked: a session at the identity provider, all of a subject, or one token."""

    SESSION = "session"
    SUBJECT = "subject"
    TOKEN = "token"  # noqa: S105 - a kind, not a secret


class Revocation(Entity, frozen=True, kw_only=True):
    """What an issuer's tokens are void by, although they have not expired.

    *value* is a session id, a subject, or a token's id. Of a session or a subject those are void
    that were issued up to *before*: who signs on again gets others. No token that this is about
    is alive after *expires_at*.
    """

    issuer: str
    kind: RevocationKind
    value: str
    before: datetime | None = None
    revoked_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        faults = [
            *text_faults("/issuer", self.issuer, least=1, most=IDENTITY_LENGTH),
            *text_faults("/value", self.value, least=1, most=IDENTITY_LENGTH),
        ]
        if (self.before is None) != (self.kind is RevocationKind.TOKEN):
            faults.append(Fault("/before", "presence", "must be there unless a token is revoked"))
        if faults:
            raise InvalidInputError(*faults)


def _digest_faults(digest: str) -> Iterator[Fault]:
    if not _DIGEST.fullmatch(digest):
        yield Fault("/digest", "format", "must be a SHA-256 in lower-case hexadecimal")
