"""What a restored database must forget before it is served, as SQL that both databases speak."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from typing import Final

EPOCH: Final = "epoch"


def renewal(tables: Collection[str], *, now: str, ends: str | None) -> Sequence[str]:
    """Return the statements; *now* and *ends* are moments, as SQL of the database.

    A new epoch: who held a place in the history that was lost is told to reset. No sessions: one
    that was signed off after the backup would be there again. And since what was revoked after
    it is forgotten, all tokens of all users that were issued up to now are void, until the last
    of them has expired at *ends*; or stay good, where that is None. An older schema may lack
    some of the tables.
    """
    done = []
    if "registry" in tables:
        done += [
            f"DELETE FROM registry WHERE name = '{EPOCH}'",  # noqa: S608 - ours
            f"INSERT INTO registry (name, value) VALUES ('{EPOCH}', '{secrets.token_hex(16)}')",  # noqa: S608 - ours
        ]
    if "sessions" in tables:
        done.append("DELETE FROM sessions")
    if "revocations" in tables and ends is not None:
        done.append(
            "INSERT INTO revocations (issuer, kind, value, before, revoked_at, expires_at) "  # noqa: S608 - ours
            f"SELECT issuer, 'subject', subject, {now}, {now}, {ends} FROM users WHERE true "
            "ON CONFLICT (issuer, kind, value) DO UPDATE SET before = excluded.before, "
            "revoked_at = excluded.revoked_at, expires_at = excluded.expires_at"
        )
    return done
