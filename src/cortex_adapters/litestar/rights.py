"""Who may call which route: what the routes say of themselves, as rows and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from litestar import Litestar
from litestar.routes import HTTPRoute

from cortex_adapters.litestar.operations import Operation
from cortex_core.domain.models import Role

Person = Literal["owner", "editor", "viewer", "participant", "other"]
PEOPLE: Final[tuple[Person, ...]] = ("owner", "editor", "viewer", "participant", "other")

_INTRODUCTION: Final = """\
# Rights

<!-- Made from the code by `make docs-tables`; change the routes, not this page. -->

Every call needs two things: the **permission**, which comes with the caller's credential, and
inside a workspace a **role**, which comes from membership. A *participant* was added to a
conversation by name and has no role in its workspace; *other* is everybody else.

- Without a valid credential: 401. Without the permission: 403, and
  `WWW-Authenticate: Bearer error="insufficient_scope", scope="..."` names the one that is missing.
- **403** in the table: the caller may see it, and may not do this.
- **404** in the table: the caller may not see it, so it is answered as if it were not there.
- **oneself**: the caller may do it to itself; else 403.
- A route that says nothing of rights is open to nobody.
- `HEAD` has the rights of `GET`.
- What is below `/auth/dev/`, and `/.well-known/jwks.json`, exists in development only. *Public*
  routes below `/auth/` check by themselves what they are sent.
"""


class Right(NamedTuple):
    """A route, and what it says of itself."""

    path: str
    method: str
    operation: Operation | None

    @property
    def needs(self) -> str:
        """What the credential must say, in Markdown."""
        operation = self.operation
        if operation is None or operation.closed:
            return "open to nobody"
        if operation.public:
            return "public"
        if operation.scrape:
            return f"`{operation.permission}` or the token for metrics"
        return f"`{operation.permission}`" if operation.permission else "whoever is signed in"

    def refusal(self, person: Person, *, oneself: bool = False) -> int | None:
        """Return the status that refuses *person*, who has the permission; None if it may.

        With *oneself* the path names that person itself.
        """
        operation = self.operation
        if operation is None or operation.closed:
            return 403
        if not operation.roles:
            return None
        of_conversation = "{conversation_id}" in self.path
        if person == "other" or (person == "participant" and not of_conversation):
            return 404
        # A member may leave the workspace, a participant the conversation.
        itself = oneself and operation.oneself
        if itself and of_conversation == (person == "participant"):
            return None
        if person == "participant":
            return None if operation.participants else 403
        return None if Role(person) in operation.roles else 403


def rights(app: Litestar) -> list[Right]:
    """Return a right for each route of *app*, by path."""
    return sorted(_rights(app), key=lambda right: (right.path, right.method))


def markdown(app: Litestar) -> str:
    """Return the page of all rights."""
    return "\n".join([_INTRODUCTION, *_table(rights(app)), ""])


def _rights(app: Litestar) -> Iterator[Right]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"HEAD", "OPTIONS"}:
                    yield Right(route.path_format, method, handler.opt.get("operation"))


def _table(rows: list[Right]) -> Iterator[str]:
    yield f"| route | permission | {' | '.join(PEOPLE)} |"
    yield "|---" * (2 + len(PEOPLE)) + "|"
    for right in rows:
        cells = (_cell(right, person) for person in PEOPLE)
        yield f"| `{right.method} {right.path}` | {right.needs} | {' | '.join(cells)} |"


def _cell(right: Right, person: Person) -> str:
    status = right.refusal(person)
    if status is not None and right.refusal(person, oneself=True) is None:
        return "oneself"
    return "yes" if status is None else str(status)
