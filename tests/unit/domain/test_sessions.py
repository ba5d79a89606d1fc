"""Sessions and revocations are valid from the moment they exist."""

import pytest

from cortex_core.contract import make
from cortex_core.domain.errors import InvalidInputError
from cortex_core.domain.sessions import SEALED_BYTES, Revocation, RevocationKind, Session


def _pointers(caught: pytest.ExceptionInfo[InvalidInputError]) -> list[str]:
    return [fault.pointer for fault in caught.value.faults]


def test_every_fault_of_a_session_is_told() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Session(
            digest="A" * 64,
            issuer="",
            subject="x" * 256,
            session_id="a\x00b",
            sealed=b"x" * (SEALED_BYTES + 1),
            created_at=make.NOON,
            updated_at=make.NOON,
            expires_at=make.NOON,
        )
    assert _pointers(caught) == ["/digest", "/issuer", "/subject", "/session_id", "/sealed"]


def test_a_session_tells_nothing_that_is_secret() -> None:
    session = make.session("secret", subject="ada", sealed=b"tokens")
    assert repr(session) == f"Session(issuer={make.ISSUER!r}, version=1)"


def test_every_fault_of_a_revocation_is_told() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Revocation(
            issuer="",
            kind=RevocationKind.SESSION,
            value=" ",
            revoked_at=make.NOON,
            expires_at=make.NOON,
        )
    assert _pointers(caught) == ["/issuer", "/value", "/before"]


@pytest.mark.parametrize("kind", RevocationKind)
def test_a_token_is_void_altogether_and_other_things_up_to_a_time(kind: RevocationKind) -> None:
    is_token = kind is RevocationKind.TOKEN
    assert (make.revocation(kind).before is None) == is_token
    with pytest.raises(InvalidInputError):
        Revocation(
            issuer="a",
            kind=kind,
            value="b",
            before=make.NOON if is_token else None,
            revoked_at=make.NOON,
            expires_at=make.NOON,
        )
