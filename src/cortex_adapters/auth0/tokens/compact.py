"""The compact serialisation of a signed token (RFC 7515 section 7.1), in canonical form only."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

import msgspec

from cortex_adapters.auth0.tokens.refusal import refused

_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_OPAQUE: Final = 1
_ENCRYPTED: Final = 5


class Compact(msgspec.Struct, frozen=True, kw_only=True):
    """The decoded parts of a token, and the bytes that its signature covers."""

    header: bytes
    payload: bytes
    signature: bytes
    signing_input: bytes

    def __repr__(self) -> str:
        return f"Compact(<{len(self.signing_input)} bytes signed>)"


def split(token: str, *, max_size: int) -> Compact:
    """Take *token*, of up to *max_size* characters, apart.

    One token has one spelling: padding, white space, other characters and unused bits that
    are set are refused, for otherwise two texts would be the same token.

    Raises:
        UnauthenticatedError: It is not a signed token in compact serialisation.
    """
    if len(token) > max_size:
        raise refused("size")
    if not _SHAPE.fullmatch(token):
        segments = token.count(".") + 1
        raise refused(
            "opaque" if segments == _OPAQUE else "encrypted" if segments == _ENCRYPTED else "shape"
        )
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    return Compact(
        header=_decode(header),
        payload=_decode(payload),
        signature=_decode(signature),
        signing_input=signed.encode("ascii"),
    )


def _decode(segment: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error:
        raise refused("encoding") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != segment.encode("ascii"):
        raise refused("encoding")
    return raw
