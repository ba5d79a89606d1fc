"""No token, signature or private key in any text that could be written down."""

import logging

import pytest

from cortex_adapters.auth0.tokens.compact import split
from cortex_adapters.auth0.tokens.verifier import read_token
from tests.unit.auth0.forge import (
    bearer,
    local_issuer,
    local_provider,
    sign,
    signing_key,
)


def shown(value: object) -> str:
    return f"{value!r} {value!s} {value}"


def test_what_holds_a_token_or_a_key_does_not_show_it():
    token = local_issuer().mint("ada@example.com", name="Ada")
    text = token.access_token
    unverified = read_token(text, max_size=16384)
    things = [
        token,
        bearer(text),
        split(text, max_size=16384),
        unverified,
        local_issuer(),
        local_provider(),
        signing_key(),
    ]
    secrets = [*text.split("."), "ada@example.com", signing_key().to_pem()[60:90]]
    secrets += [repr(part)[2:40] for part in (unverified.parts.signature, unverified.parts.payload)]
    for thing in things:
        for secret in secrets:
            assert secret not in shown(thing)


async def test_nothing_is_logged_of_a_good_token(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        await local_provider().authenticate(bearer(sign()))
    assert caplog.text == ""
