"""The client for documents, against a real socket and its limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from cortex_adapters.auth0.keys.documents import FetchError, open_documents


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[str]:
    """Give the address of a server that says *answer* to everybody."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def response(head: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_document_is_what_its_server_says():
    async with open_documents() as documents:
        said = response("200 OK\r\nCache-Control: public, max-age=15", b'{"a": 1}')
        async with serving(said) as url:
            found = await documents.get(url)
    assert (found.members, found.max_age) == ({"a": 1}, 15)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (response("200 OK", b"nothing"), "garbage"),
        (response("200 OK\r\nContent-Encoding: gzip", b"{}"), "compressed"),
        (response("200 OK", b" " * 300_000), "size"),
        (response("302 Found\r\nLocation: /elsewhere"), "status-302"),
        (response("204 No Content"), "status-204"),
        (response("500 Oops", b"{}"), "status-500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", "unreachable"),
        (b"no HTTP at all\r\n\r\n", "unreachable"),
        (b"", "unreachable"),
    ],
    ids=["no JSON", "compressed", "large", "moved", "empty", "fault", "cut", "no HTTP", "nothing"],
)
async def test_what_is_no_document_has_a_reason(said: bytes, reason: str):
    async with open_documents() as documents, serving(said) as url:
        with pytest.raises(FetchError) as error:
            await documents.get(url)
    assert error.value.reason == reason


async def test_nobody_there_is_a_reason_too():
    async with serving(b"") as url:
        pass
    async with open_documents() as documents:
        for address in (url, "https://[", "http://\x00/", "gopher://x/", ""):
            with pytest.raises(FetchError) as error:
                await documents.get(address)
            assert error.value.reason == "unreachable"


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("17", 17, 17),
        (format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 3000, 3600),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0, 0),
        ("-5", 0, 0),
        ("soon", 0, 0),
        ("", 0, 0),
        ("9" * 30, 0, 0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", 0, 0),
        ("Sat, 31 Dec 9999 23:59:59 -9999999999999", 0, 0),
    ],
)
async def test_a_wish_to_wait_is_seconds_or_a_date(text: str, least: float, most: float):
    said = response(f"429 Slow\r\nRetry-After: {text}")
    async with open_documents() as documents, serving(said) as url:
        with pytest.raises(FetchError) as error:
            await documents.get(url)
    assert least <= error.value.retry_after <= most
