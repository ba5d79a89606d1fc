"""Links: what can be done next with what an answer made (OpenAPI 3.1, Link Object)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from cortex_adapters.litestar.openapi.tree import Json
from cortex_adapters.litestar.operations import Operation

_COLLECTION: Final = re.compile(r"/(\w+)s$")


class Described(NamedTuple):
    """A route that says something of itself."""

    path: str
    method: str
    name: str
    operation: Operation

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the path."""
        return re.findall(r"{(\w+)}", self.path)


def links(maker: Described, others: Iterable[Described]) -> Json:
    """Return the links from what *maker* makes to those of the *others* that take its id."""
    known = {name: f"$request.path.{name}" for name in maker.ids}
    if maker.operation.location and (noun := _COLLECTION.search(maker.path)):
        made = f"{noun[1]}_id"
        known[made] = "$response.body#/id"
        able = [each for each in others if made in each.ids and {*each.ids} <= known.keys()]
    elif maker.method == "put":
        able = [each for each in others if each.path == maker.path and each != maker]
    else:
        able = []
    return {
        each.name: {
            "operationId": each.name,
            "parameters": {name: known[name] for name in each.ids},
        }
        for each in able
    }
