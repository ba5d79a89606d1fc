"""A sign-on under way: what ties the answer to the browser that asked."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import Final

import msgspec

from cortex_core.domain.errors import Fault, InvalidInputError

RANDOM_BYTES: Final = 32
MAX_RETURN_TO: Final = 1_024
# Only what begins with one slash is a path of ours: browsers read "//host" and "/\host" as hosts,
# and drop tabs and line breaks.
_PATH: Final = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser keeps, sealed: the three random words, and where it wants to go."""

    state: str
    nonce: str
    verifier: str
    return_to: str

    def __repr__(self) -> str:
        return "Attempt()"

    @property
    def challenge(self) -> str:
        """Return the S256 code challenge (RFC 7636 section 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_attempt(return_to: str) -> Attempt:
    """Return a fresh attempt that ends at the path *return_to*.

    Raises:
        InvalidInputError: *return_to* is no path on this server.
    """
    if len(return_to) > MAX_RETURN_TO or not _PATH.fullmatch(return_to):
        raise InvalidInputError(
            Fault("/return_to", "path", "must be a path on this server, such as /docs")
        )
    state, nonce, verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
    return Attempt(state=state, nonce=nonce, verifier=verifier, return_to=return_to)
