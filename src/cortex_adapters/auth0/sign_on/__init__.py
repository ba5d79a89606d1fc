"""Browser sign-on: OAuth 2.0 authorization code with PKCE as a confidential client, and OpenID."""

from cortex_adapters.auth0.sign_on.client import Application, Auth0SignOn
from cortex_adapters.auth0.sign_on.signed import SignedTokens

__all__ = ["Application", "Auth0SignOn", "SignedTokens"]
