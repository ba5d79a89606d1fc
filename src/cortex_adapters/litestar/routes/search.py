"""Search."""

from __future__ import annotations

from litestar import get

from cortex_adapters.litestar.answers import Answer, answer
from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.operations import PAGE, Operation, Query, describe
from cortex_core.domain.paging import Page
from cortex_core.domain.search.query import QUERY_LENGTH
from cortex_core.domain.text import text_schema
from cortex_core.services.search import FoundMessage

QUERY = Query(
    name="q",
    description=(
        'Words that must all be there, in any order; `"a phrase"`; `-without`; `OR` between '
        "alternatives. Case and accents make no difference. It needs a word to look for."
    ),
    schema={"type": "string", **text_schema(1, QUERY_LENGTH)},
    required=True,
)


@get(
    "/v1/search",
    opt=describe(
        Operation(
            summary="Find messages by what they say, best first",
            tag="messages",
            answer=Page[FoundMessage],
            query=(QUERY, *PAGE),
            permission="read:messages",
        )
    ),
)
async def find(request: Call) -> Answer:
    text = request.arguments().get("q", "")
    return answer(await request.cortex.search.find(request.user, text, request.page()))


handlers = [find]
