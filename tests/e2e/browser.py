"""A browser as far as signing on goes: cookies of each origin, redirects, and forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx2

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"/?>')
_MOST_HOPS = 10


@dataclass
class Browser:
    """Keeps cookies as browsers do on loopback, where plain http counts as secure."""

    jars: dict[str, dict[str, str]] = field(default_factory=dict)

    async def get(self, url: str, **headers: str) -> httpx2.Response:
        return await self._go("GET", url, None, headers)

    async def post(
        self, url: str, form: dict[str, str] | None = None, *, page: str, **headers: str
    ) -> httpx2.Response:
        """Post *form* as a page at the address *page* would."""
        return await self._go("POST", url, form or {}, {"origin": origin(page), **headers})

    async def submit(self, page: httpx2.Response, target: str, **fields: str) -> httpx2.Response:
        """Fill in the one form on *page*, and post it to *target*."""
        hidden = {unescape(name): unescape(value) for name, value in _HIDDEN.findall(page.text)}
        url = str(page.request.url)
        return await self.post(urljoin(url, target), hidden | fields, page=url)

    def cookies(self, url: str) -> dict[str, str]:
        return self.jars.setdefault(origin(url), {})

    async def _go(
        self, method: str, url: str, form: dict[str, str] | None, headers: dict[str, str]
    ) -> httpx2.Response:
        """Ask, and follow what it answers."""
        async with httpx2.AsyncClient(timeout=20) as client:
            for _ in range(_MOST_HOPS):
                answer = await self._ask(client, method, url, form, headers)
                if "location" not in answer.headers or answer.status_code == 201:
                    return answer
                url = urljoin(url, answer.headers["location"])
                method, form = "GET", None
        raise AssertionError("it leads in a circle")

    async def _ask(
        self,
        client: httpx2.AsyncClient,
        method: str,
        url: str,
        form: dict[str, str] | None,
        headers: dict[str, str],
    ) -> httpx2.Response:
        jar = self.cookies(url)
        shown = "; ".join(f"{name}={value}" for name, value in jar.items())
        sent = {"accept": "text/html,*/*;q=0.8", **headers} | ({"cookie": shown} if shown else {})
        answer = await client.request(method, url, data=form, headers=sent)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            if "max-age=0" in line.lower():
                jar.pop(name, None)
            else:
                jar[name] = rest.partition(";")[0]
        return answer


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
