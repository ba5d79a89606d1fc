"""The confidential client: sends browsers away, and takes them back with tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hmac import compare_digest
from typing import Final
from urllib.parse import urlencode

import msgspec

from cortex_adapters.auth0.sign_on.asked import Provider
from cortex_adapters.auth0.sign_on.attempts import Attempt, new_attempt
from cortex_adapters.auth0.sign_on.id_token import Identity, read_identity
from cortex_adapters.auth0.sign_on.logout_token import TYPES, read_notice
from cortex_adapters.auth0.sign_on.sealing import Sealer
from cortex_adapters.auth0.sign_on.signed import SignedTokens
from cortex_adapters.auth0.sign_on.tokens import TokenAnswer, TokenSet, token_set
from cortex_core import ports
from cortex_core.domain.errors import (
    IdentityUnavailableError,
    SignOnFailedError,
    UnauthenticatedError,
)
from cortex_core.ports import Clock, Credential, Held, LogoutNotice, SignedOn
from cortex_core.ports.clock import system_clock

PATIENCE: Final = timedelta(minutes=10)
SCOPE: Final = "openid profile email offline_access"
_ID_TOKEN_TYPES: Final = frozenset({"jwt", ""})


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """What the tenant calls a regular web application; *secrets* seal what others keep for us.

    *known_as* is the issuer in whose name all domains of the tenant speak of its people.
    *public_url* is where browsers reach this server; /auth/callback below it must be among the
    application's callback URLs, and its root among the logout URLs.
    """

    client_id: str
    client_secret: str
    known_as: str
    audience: str
    public_url: str
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Application(client_id={self.client_id!r})"


class Auth0SignOn:
    """`SignOn` at an OpenID provider."""

    def __init__(
        self,
        application: Application,
        provider: Provider,
        signed: SignedTokens,
        *,
        clock: Clock = system_clock,
    ) -> None:
        self._application = application
        self._provider = provider
        self._signed = signed
        self._clock = clock
        self._attempts = Sealer(application.secrets, "sign-on attempt")
        self._tokens = Sealer(application.secrets, "session tokens")
        self._redirect_uri = f"{application.public_url}/auth/callback"

    async def begin(self, *, return_to: str) -> ports.Attempt:
        attempt = new_attempt(return_to)
        endpoint = await self._provider.endpoint("authorization_endpoint")
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._application.client_id,
                "redirect_uri": self._redirect_uri,
                "scope": SCOPE,
                "audience": self._application.audience,
                "state": attempt.state,
                "nonce": attempt.nonce,
                "code_challenge": attempt.challenge,
                "code_challenge_method": "S256",
            }
        )
        return ports.Attempt(
            url=f"{endpoint}{'&' if '?' in endpoint else '?'}{query}",
            state=attempt.state,
            sealed=self._attempts.seal(attempt).decode(),
            expires_at=self._clock() + PATIENCE,
        )

    async def finish(self, parameters: Mapping[str, str], sealed: str | None) -> SignedOn:
        attempt = self._attempt(parameters, sealed)
        await self._check_answer(parameters)
        try:
            answer = await self._exchange(
                {
                    "grant_type": "authorization_code",
                    "code": parameters["code"],
                    "redirect_uri": self._redirect_uri,
                    "code_verifier": attempt.verifier,
                }
            )
            identity = await self._identity(answer, nonce=attempt.nonce)
        except UnauthenticatedError as error:
            raise SignOnFailedError(error.reason) from error
        except msgspec.MsgspecError as error:
            raise SignOnFailedError("answer") from error
        except ValueError as error:
            raise SignOnFailedError(str(error)) from error
        return SignedOn(
            issuer=self._application.known_as,
            subject=identity.subject,
            session_id=identity.session_id,
            sealed=self._tokens.seal(token_set(answer, self._clock())),
            return_to=attempt.return_to,
        )

    def held(self, sealed: bytes) -> Held:
        tokens = self._opened(sealed)
        return Held(
            credential=Credential(scheme="Bearer", token=tokens.access_token),
            expires_at=tokens.expires_at,
            refreshable=tokens.refresh_token is not None,
        )

    async def refresh(self, sealed: bytes) -> bytes:
        tokens = self._opened(sealed)
        if tokens.refresh_token is None:
            raise UnauthenticatedError("refresh")
        try:
            answer = await self._exchange(
                {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
            )
            if answer.id_token:
                await self._identity(answer, nonce=None)
        except msgspec.MsgspecError as error:  # no word about the grant
            raise IdentityUnavailableError from error
        except (UnauthenticatedError, ValueError) as error:
            raise UnauthenticatedError("refresh") from error
        return self._tokens.seal(token_set(answer, self._clock(), before=tokens))

    async def farewell(self, sealed: bytes) -> str:
        tokens = self._opened(sealed)
        endpoint = await self._provider.endpoint("end_session_endpoint")
        query = urlencode(
            {
                "id_token_hint": tokens.id_token,
                "client_id": self._application.client_id,
                "post_logout_redirect_uri": f"{self._application.public_url}/",
            }
        )
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"

    async def notice(self, logout_token: str) -> LogoutNotice:
        try:
            claims = await self._signed.claims(logout_token, types=TYPES)
            return read_notice(
                claims,
                issuer=self._application.known_as,
                client_id=self._application.client_id,
                now=self._clock(),
            )
        except ValueError as error:
            raise UnauthenticatedError(str(error)) from error

    def _attempt(self, parameters: Mapping[str, str], sealed: str | None) -> Attempt:
        """Return the attempt that the browser kept, if it is the one it was answered for."""
        attempt = sealed and self._attempts.open(sealed.encode(), Attempt, within=PATIENCE)
        state = parameters.get("state", "")
        if not attempt or not compare_digest(attempt.state.encode(), state.encode()):
            raise SignOnFailedError("state")
        return attempt

    async def _check_answer(self, parameters: Mapping[str, str]) -> None:
        """Check who answers (RFC 9207 section 2.4), and that it is a code."""
        named = parameters.get("iss")
        if named is None and await self._provider.names_itself():
            raise SignOnFailedError("issuer")
        if named not in (None, self._provider.issuer):
            raise SignOnFailedError("issuer")
        if "error" in parameters or not parameters.get("code"):
            raise SignOnFailedError("refused")

    async def _identity(self, answer: TokenAnswer, *, nonce: str | None) -> Identity:
        if answer.token_type.lower() != "bearer" or not answer.id_token:
            raise ValueError("answer")
        claims = await self._signed.claims(answer.id_token, types=_ID_TOKEN_TYPES)
        if claims["iss"] != self._provider.issuer:
            raise ValueError("issuer")
        return read_identity(
            claims,
            client_id=self._application.client_id,
            nonce=nonce,
            access_token=answer.access_token,
            now=self._clock(),
        )

    async def _exchange(self, grant: Mapping[str, str]) -> TokenAnswer:
        """Return what *grant* is good for; the client proves itself beside it (section 2.3.1)."""
        credential = {
            "client_id": self._application.client_id,
            "client_secret": self._application.client_secret,
        }
        return msgspec.convert(await self._provider.exchange({**grant, **credential}), TokenAnswer)

    def _opened(self, sealed: bytes) -> TokenSet:
        tokens = self._tokens.open(sealed, TokenSet)
        if tokens is None:
            raise UnauthenticatedError("session")
        return tokens
