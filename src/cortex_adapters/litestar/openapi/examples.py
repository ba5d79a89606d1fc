"""An example of anything that has a schema: made from the schema, in the words below."""

from __future__ import annotations

from typing import Any, Final

from cortex_adapters.litestar.openapi.refusals import CORRELATION_ID
from cortex_adapters.litestar.openapi.tree import Json, referred

_USER_ID: Final = "01978f3a-5c00-7a1e-9b37-3c1e5a0d2f41"
_WORKSPACE_ID: Final = "01978f3a-6d48-7c02-8e55-90b1f7a3c6d2"
_CONVERSATION_ID: Final = "01978f3a-7f10-7b9d-a4c8-17d2e6f0b583"
_MESSAGE_ID: Final = "01978f3a-90e4-7d31-b2f6-48a9c3e1d7f5"
_ASSISTANT: Final = {"kind": "assistant", "id": None}
_LEFT_OUT: Final = object()

# By component and field, or by field alone.
_WORDS: Final[dict[str, object]] = {
    "Actor.id": _USER_ID,
    "Alive.status": "ok",
    "AskForToken.name": _LEFT_OUT,
    "AskForToken.permissions": _LEFT_OUT,
    "ChangeMe.name": "Ada Lovelace",
    "Conversation.id": _CONVERSATION_ID,
    "Details.checks": {"database": "ok"},
    "Details.environment": "development",
    "FoundMessage.id": _MESSAGE_ID,
    "FoundMessage.snippet": [
        {"text": "What is an ", "match": False},
        {"text": "analytical engine", "match": True},
        {"text": "?", "match": False},
    ],
    "KeySet.keys": [
        {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "local-1", "e": "AQAB", "n": "sXch..."}
    ],
    "Me.kind": "user",
    "Message.id": _MESSAGE_ID,
    "Posted.id": _MESSAGE_ID,
    "Problem.cause": _LEFT_OUT,
    "Problem.code": "dependency-unavailable",
    "Problem.detail": "The server is leaving; connect again.",
    "Problem.errors": [],
    "Problem.retryable": True,
    "Problem.status": 503,
    "Problem.title": "Dependency unavailable",
    "Problem.type": "https://cortex.example/docs/errors#dependency-unavailable",
    "ProtectedResource.scopes_supported": ["read:messages", "write:messages"],
    "TurnCompletedEvent.actor": _ASSISTANT,
    "TurnDeltaEvent.actor": _ASSISTANT,
    "TurnFailedEvent.actor": _ASSISTANT,
    "TurnStartedEvent.actor": _ASSISTANT,
    "TurnFailed.error": {
        "code": "turn-abandoned",
        "message": "The answer was begun several times and never finished.",
    },
    "User.id": _USER_ID,
    "User.name": "Ada Lovelace",
    "User.status": "active",
    "Workspace.id": _WORKSPACE_ID,
    "Participant.user_id": "01978f3b-02aa-7e0f-8c11-6b7d9e2a4c30",
    "access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJsb2NhbHwxIn0.c2ln",
    "answer_id": "01978f3a-a2b8-7f06-9d43-5e8c1b7a0f96",
    "at": "2026-11-23T09:30:00.123456Z",
    "attempt": 1,
    "audience": "https://cortex.example/api",
    "authorization_servers": ["https://cortex.example/"],
    "bearer_methods_supported": ["header"],
    "dpop_signing_alg_values_supported": ["ES256"],
    "content": "What is an analytical engine?",
    "conversation_id": _CONVERSATION_ID,
    "correlation_id": CORRELATION_ID,
    "created_at": "2026-11-23T09:30:00.123456Z",
    "description": "Notes on the analytical engine",
    "email": "ada@example.com",
    "email_verified": True,
    "expires_in": 86400,
    "in_reply_to": None,
    "index": 0,
    "instance": f"urn:uuid:{CORRELATION_ID}",
    "issuer": "https://cortex.example/",
    "kind": "user",
    "last_seq": 4,
    "match": True,
    "message_id": _MESSAGE_ID,
    "metadata": {"colour": "blue"},
    "name": "Laboratory",
    "next_cursor": None,
    "oldest": 1,
    "permissions": ["read:messages", "write:messages"],
    "rank": 500,
    "resource": "https://cortex.example/api",
    "resource_documentation": "https://cortex.example/docs",
    "resource_name": "Cortex Core",
    "respond": True,
    "role": "user",
    "seq": 1,
    "streams": 3,
    "subject": "auth0|6659c1f2a7",
    "text": "An ",
    "token_type": "Bearer",
    "topic": "Engines",
    "turn_id": "01978f3a-9a7c-7e58-8f21-0c3d5b6a7e84",
    "updated_at": "2026-11-23T09:30:00.123456Z",
    "user_id": _USER_ID,
    "version": 1,
    "Details.version": "0.1.0",
    "Membership.role": "editor",
    "PutMember.role": "editor",
    "workspace_id": _WORKSPACE_ID,
}


def example(schema: Json, components: dict[str, Json], field: str = "", owner: str = "") -> Any:
    """Return an example for *schema*, of the *field* of *owner* where it is of one."""
    if "const" in schema:
        return schema["const"]
    if schema.get("type") == "null":
        return None
    for word in (f"{owner}.{field}", field):
        if word in _WORDS:
            return _WORDS[word]
    name = referred(schema)
    if name:
        return example(components[name], components, owner=name)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return example(schema[choice][0], components, field, owner)
    if schema.get("type") == "array":
        return [example(schema["items"], components)]
    if schema.get("type") == "object":
        made = {
            name: example(below, components, name, owner)
            for name, below in schema.get("properties", {}).items()
        }
        return {name: value for name, value in made.items() if value is not _LEFT_OUT}
    raise LookupError(f"no word for {owner}.{field}: {schema}")
