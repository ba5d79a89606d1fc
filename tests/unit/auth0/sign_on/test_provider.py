"""The token endpoint over a real socket: what is no answer says nothing about the grant."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from cortex_adapters.auth0.sign_on.provider import open_provider
from cortex_core.domain.errors import IdentityUnavailableError, UnauthenticatedError
from tests.unit.auth0.test_documents import response, serving


async def _asked(said: bytes) -> dict[str, object]:
    async with serving(said) as url:

        async def metadata() -> dict[str, object]:
            return {"token_endpoint": f"{url}token"}

        async with open_provider(url, metadata) as provider:
            return await provider.exchange({"grant_type": "refresh_token"})


async def test_what_it_gives_is_read():
    assert await _asked(response("200 OK", b'{"access_token": "x"}')) == {"access_token": "x"}


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden"])
async def test_a_refusal_is_one(status: str):
    with pytest.raises(UnauthenticatedError):
        await _asked(response(status, b'{"error": "invalid_grant"}'))


@pytest.mark.parametrize(
    "said",
    [
        response("200 OK", b"<html>Back soon</html>"),
        response("200 OK", b""),
        response("200 OK", b'{"a":' + b"[" * 100_000),
        response("200 OK", b'{"a": "' + b"a" * 300_000 + b'"}'),
        response("200 OK\r\nContent-Encoding: gzip", gzip.compress(b"a" * 9_000_000)),
        response("302 Found\r\nLocation: /elsewhere"),
        response("401 Unauthorized", b'{"error": "invalid_client"}'),
        response("429 Too Many Requests", b'{"error": "too_many_requests"}'),
        response("500 Oops", b"<html>"),
        b"",
    ],
    ids=["page", "empty", "deep", "large", "bomb", "moved", "client", "often", "fault", "nothing"],
)
async def test_all_else_is_no_refusal(said: bytes):
    with pytest.raises(IdentityUnavailableError):
        await _asked(said)


async def test_a_crowd_at_the_door_keeps_nobody_inside_from_refreshing():
    """Anybody can come back with a code that is none; a slow provider holds each of them up."""
    waiting = asyncio.Semaphore(0)

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if b"refresh_token" not in await reader.readexactly(size):
            waiting.release()
            await reader.read()
        writer.write(response("200 OK", b"{}"))
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

        async def metadata() -> dict[str, object]:
            return {"token_endpoint": f"{url}token"}

        async with open_provider(url, metadata) as provider:
            code, refresh = {"grant_type": "authorization_code"}, {"grant_type": "refresh_token"}
            crowd = [asyncio.create_task(provider.exchange(code)) for _ in range(120)]
            for _ in range(100):
                await waiting.acquire()
            async with asyncio.timeout(2):
                assert await provider.exchange(refresh) == {}
            for one in crowd:
                one.cancel()
            await asyncio.gather(*crowd, return_exceptions=True)
