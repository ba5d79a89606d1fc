"""What checks proofs, as the settings ask for it."""

import jwt
import pytest

from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.server import open_service
from cortex_adapters.server.proofs import Proofs, open_proofs
from cortex_adapters.settings import Settings, load_settings
from cortex_core.domain.errors import ProofNonceError, ProofRejectedError, UnauthenticatedError
from cortex_core.ports import Credential, Store
from tests.unit.auth0.forge import SetClock
from tests.unit.auth0.proofs import claims, proof, text, thumbprint

REQUIRED = {"CORTEX_DPOP_NONCE": "required"}
URI = "http://127.0.0.1:8000/auth/dev/token"


def on(**settings: str) -> Settings:
    return load_settings({"CORTEX_DATABASE_URL": "memory:", **settings})


async def opened(store: Store, **settings: str) -> Proofs:
    return await open_proofs(on(**settings), store, clock=SetClock())


async def test_processes_on_one_store_spend_together():
    store = MemoryStore()
    one, two = await opened(store), await opened(store)
    assert one.checker
    assert two.checker
    await one.checker.check(proof(), token="token", binding=thumbprint())
    for checker in (one.checker, two.checker):
        with pytest.raises(ProofRejectedError):
            await checker.check(proof(), token="token", binding=thumbprint())
    elsewhere = await opened(MemoryStore())
    assert elsewhere.checker
    await elsewhere.checker.check(proof(), token="token", binding=thumbprint())


async def test_no_nonce_is_asked_for_unless_the_settings_say_so():
    assert (await opened(MemoryStore())).nonce is None


async def test_processes_give_one_nonce_by_the_keys_of_sessions_or_of_the_store():
    store, keys = MemoryStore(), {**REQUIRED, "CORTEX_SESSION_KEYS": "k" * 32}
    for settings in (REQUIRED, keys):
        one, two = await opened(store, **settings), await opened(store, **settings)
        assert one.nonce
        assert two.nonce
        assert two.checker
        assert one.nonce() == two.nonce()
        with pytest.raises(ProofNonceError) as error:
            await two.checker.check(proof(), token="token", binding=thumbprint())
        sent = proof(text(None, claims(nonce=error.value.nonce, jti=one.nonce())))
        await two.checker.check(sent, token="token", binding=thumbprint())
    by_keys, by_store = await opened(store, **keys), await opened(store, **REQUIRED)
    assert by_keys.nonce
    assert by_store.nonce
    assert by_keys.nonce() != by_store.nonce()
    same = await opened(MemoryStore(), **keys)
    assert same.nonce
    assert same.nonce() == by_keys.nonce()


async def test_without_algorithms_there_are_no_proofs():
    assert await opened(MemoryStore(), CORTEX_DPOP_ALGORITHMS="", **REQUIRED) == Proofs()


@pytest.mark.parametrize("algorithms", ["ES256", "EdDSA"])
async def test_only_the_algorithms_of_the_settings_are_taken(algorithms: str):
    proofs = await opened(MemoryStore(), CORTEX_DPOP_ALGORITHMS=algorithms)
    assert proofs.checker
    if algorithms == "ES256":
        await proofs.checker.check(proof(), token="token", binding=thumbprint())
        return
    with pytest.raises(ProofRejectedError):
        await proofs.checker.check(proof(), token="token", binding=thumbprint())


async def test_the_local_issuer_binds_a_token_to_the_key_of_a_proof():
    async with open_service(on()) as service:
        assert service.issuer is not None
        now = int(service.cortex.ports.clock().timestamp())
        sent = text(None, claims(ath=None, htm="POST", htu=URI, iat=now))
        asked = proof(sent, method="POST", uri=URI)
        token = await service.issuer.token(
            email="ada@example.com", name="", permissions=None, proof=asked
        )
        assert token.token_type == "DPoP"
        said = jwt.decode(token.access_token, options={"verify_signature": False})
        assert said["cnf"] == {"jkt": thumbprint()}
        identity = service.cortex.ports.identity
        with pytest.raises(UnauthenticatedError):
            await identity.authenticate(Credential(scheme="Bearer", token=token.access_token))
        again = proof(text(None, claims(token.access_token, iat=now)))
        shown = Credential(scheme="DPoP", token=token.access_token, proof=again)
        assert (await identity.authenticate(shown)).binding == thumbprint()
        with pytest.raises(ProofRejectedError):
            await service.issuer.token(
                email="ada@example.com", name="", permissions=None, proof=asked
            )


async def test_where_proofs_are_off_the_local_issuer_binds_nothing():
    async with open_service(on(CORTEX_DPOP_ALGORITHMS="")) as service:
        assert service.issuer is not None
        token = await service.issuer.token(
            email="ada@example.com", name="", permissions=None, proof=proof("nonsense")
        )
        assert token.token_type == "Bearer"
