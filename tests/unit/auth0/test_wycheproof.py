"""Wycheproof's JSON Web Signature vectors: each that is invalid is a clean refusal."""

import json
from collections import Counter
from typing import Any

import pytest

from cortex_adapters.auth0.tokens.compact import split
from cortex_adapters.auth0.tokens.header import check_header, read_header
from cortex_adapters.auth0.tokens.key_set import KeySet
from cortex_adapters.auth0.tokens.policy import ALGORITHMS, JWT, MAX_SIZE, TokenPolicy
from cortex_adapters.auth0.tokens.strict_json import read_object
from cortex_core.domain.errors import UnauthenticatedError
from tests.unit.auth0.forge import bearer, local_provider
from tests.vectors import vectors

# Their payloads are no claims and their headers have no typ: this is as far as they can go.
POLICY = TokenPolicy(
    issuer="i",
    audience="a",
    namespace="n",
    algorithms=frozenset(ALGORITHMS),
    types=frozenset({"", JWT}),
)


def groups() -> list[dict[str, Any]]:
    path = vectors("wycheproof", "json_web_signature_test.json")
    found: list[dict[str, Any]] = json.loads(path.read_bytes())["testGroups"]
    return found


def signature_outcome(jws: str, keys: KeySet) -> str:
    """Take the steps up to the signature; return the reason of a refusal, or nothing."""
    try:
        parts = split(jws, max_size=MAX_SIZE)
        header = read_header(read_object(parts.header))
        check_header(header, POLICY)
        key = keys.find(header.key_id or "", header.algorithm)
        if key is None:
            return "key-unknown"
        key.check(parts.signing_input, parts.signature)
    except UnauthenticatedError as refusal:
        return refusal.reason
    return ""


def test_every_invalid_signature_is_refused_and_the_valid_ones_are_not():
    outcomes: Counter[tuple[str, str]] = Counter()
    for group in groups():
        jwk = group.get("public") or group["private"]
        keys = KeySet({"keys": [jwk]}, POLICY.algorithms)
        for test in group["tests"]:
            outcome = signature_outcome(test["jws"], keys)
            if test["result"] == "invalid":
                assert outcome, (group["comment"], test["tcId"], test["comment"])
            outcomes[test["result"], outcome] += 1
    valid = {outcome: times for (result, outcome), times in outcomes.items() if result == "valid"}
    # HS and the longer RS, PS and ES are never allowed; an empty payload or a base64 text with
    # other characters in it is no JWT of ours, valid as it may be.
    assert valid == {"": 14, "algorithm": 24, "shape": 8}
    assert sum(outcomes.values()) == 401


async def test_no_vector_gets_past_the_provider():
    provider = local_provider()
    for group in groups():
        for test in group["tests"]:
            with pytest.raises(UnauthenticatedError):
                await provider.authenticate(bearer(test["jws"]))
