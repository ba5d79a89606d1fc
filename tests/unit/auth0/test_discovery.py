"""Whatever an issuer says of itself: keys of its own origin, or FetchError; never else."""

from contextlib import suppress
from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from cortex_adapters.auth0.keys.discovery import discover, fetch_keys, same_origin
from cortex_adapters.auth0.keys.documents import Document, FetchError
from tests.unit.auth0.forge import jwk

ISSUER = "https://tenant.test/"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(ISSUER),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
addresses = st.text() | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["https://", "http://", "//", "https:", "", "HTTPS://"]),
    st.sampled_from(["", "a@", "tenant.test@", "a:b@"]),
    st.sampled_from(["tenant.test", "TENANT.test", "tenant.test:443", "tenant.test:x", "[::1"]),
    st.sampled_from(["", "/", "/jwks", "/#a", "?q", "\\@evil", "/ "]) | st.text(max_size=3),
)


class Said:
    """Gives one document at every address, and keeps the addresses."""

    def __init__(self, members: dict[str, object]) -> None:
        self._members = members
        self.asked: list[str] = []

    async def get(self, url: str) -> Document:
        self.asked.append(url)
        return Document(members=self._members)


@given(addresses)
@example("https://tenant.test:443/jwks")
def test_an_address_is_of_the_issuers_own_origin(url: str):
    with suppress(FetchError):
        parts = urlsplit(same_origin(url, ISSUER))
        assert (parts.scheme, parts.hostname) == ("https", "tenant.test")
        assert parts.port in (None, 443)
        assert "@" not in parts.netloc


@given(st.dictionaries(st.sampled_from(["issuer", "jwks_uri", "keys"]), values | addresses))
async def test_any_metadata(members: dict[str, object]):
    said = Said(members)
    with suppress(FetchError):
        await discover(said, ISSUER)
        assert members["issuer"] == ISSUER
    assert said.asked == [f"{ISSUER}.well-known/openid-configuration"]


@given(st.dictionaries(st.sampled_from(["keys", "x"]), values | st.lists(values | st.just(jwk()))))
async def test_any_keys(members: dict[str, object]):
    metadata = Document(members={"issuer": ISSUER, "jwks_uri": f"{ISSUER}jwks"})
    with suppress(FetchError):
        keys, _ = await fetch_keys(Said(members), metadata, ISSUER, {"RS256"})
        assert len(keys) > 0
