"""What each route says of itself: the source of its OpenAPI entry and of its checks."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cortex_core.domain.errors import CortexError
from cortex_core.domain.models import Role
from cortex_core.domain.policy import Permission

EVENT_STREAM: Final = "text/event-stream"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query parameter; *schema* is its JSON Schema."""

    name: str
    description: str
    schema: dict[str, object]
    required: bool = False


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a route takes, what it answers, and who may call it.

    *answer* is the type of the body that *status* comes with, None for no body. Errors that
    every route shares are not repeated in *errors*.

    A route is *public*, or needs a *permission*, or is for whoever is *signed_in*; one that says
    none of these is closed. Inside a workspace it needs one of *roles* too. *participants*: whoever
    was added to the conversation by name may, without a role. *oneself*: so may whoever is a member
    or was added by name, and names nobody but itself in the path. *scrape*: instead of the
    permission, the token for metrics will do; in development nothing is needed.
    """

    summary: str
    tag: str
    status: int = 200
    answer: Any = None
    answer_description: str = ""
    media_type: str = "application/json"
    body: type[msgspec.Struct] | None = None
    form: bool = False
    merge_patch: bool = False
    query: tuple[Query, ...] = ()
    etag: bool = False
    if_match: bool = False
    location: bool = False
    stream: bool = False
    permission: Permission | None = None
    public: bool = False
    signed_in: bool = False
    roles: frozenset[Role] = frozenset()
    participants: bool = False
    oneself: bool = False
    scrape: bool = False
    errors: tuple[type[CortexError], ...] = ()

    @property
    def closed(self) -> bool:
        """Say whether nobody may call it."""
        return not (self.public or self.signed_in or self.permission)


LIMIT = Query(
    name="limit",
    description="How many items at the most.",
    schema={"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
)
CURSOR = Query(
    name="cursor",
    description="Where the page begins: the `next_cursor` of the page before.",
    schema={"type": "string"},
)
PAGE = (LIMIT, CURSOR)


def describe(operation: Operation) -> dict[str, object]:
    """Return the `opt` of a route handler that *operation* describes."""
    return {"operation": operation}
