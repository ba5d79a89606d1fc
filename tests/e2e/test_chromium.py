"""Headless Chromium signs on and off: cookies, redirects and policies as a browser has them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cortex_adapters.litestar.cookies import SESSION
from tests.e2e.server import ServerProcess
from tests.e2e.tenant import FOLDER, NODE, Tenant, install

_SECONDS = 90


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where the screenshots go: CORTEX_SCREENSHOTS names the folder, else it is forgotten."""
    folder = Path(os.environ.get("CORTEX_SCREENSHOTS", tmp_path / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def walk(scenario: str, pictures: Path, **told: str) -> dict[str, Any]:
    """Let the browser walk through a scenario, and return what it saw."""
    await install()
    asked = json.dumps({"scenario": scenario, "pictures": str(pictures), **told})
    process = await asyncio.create_subprocess_exec(
        *(NODE / "bin" / "node", FOLDER / "chromium.mjs", asked),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_SECONDS):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    return seen


@pytest.fixture
async def applications(tmp_path: Path) -> AsyncIterator[tuple[Tenant, str, str]]:
    """A tenant with two applications, on hosts of their own: cookies know no ports."""
    tenant = Tenant(tmp_path)
    first, other = (
        ServerProcess(f"sqlite:///{tmp_path}/{name}.db", tmp_path) for name in ("first", "other")
    )
    elsewhere = f"http://localhost:{other.port}"
    first.set(**tenant.application("cortex", first.url))
    other.set(**tenant.application("other", elsewhere))
    try:
        await tenant.start()
        for server in (first, other):
            await server.start()
        yield tenant, first.url, elsewhere
    finally:
        for server in (first, other):
            await server.stop()
        await tenant.stop()


async def test_on_once_for_two_applications_and_off_for_both(
    applications: tuple[Tenant, str, str], pictures: Path
):
    tenant, first, other = applications
    seen = await walk("tenant", pictures, first=first, other=other, provider=tenant.issuer)
    assert "Signed on as ada" in seen["first"]
    [cookie] = [each for each in seen["cookies"] if each["name"] == SESSION]
    assert cookie["httpOnly"]
    assert cookie["secure"]
    assert cookie["sameSite"] == "Lax"
    assert "Signed on as ada" in seen["other"]
    assert seen["prompts"] == 0, "the second application had the person asked again"
    assert seen["evil"] == "cross-origin"
    assert "Signed on as ada" in seen["afterEvil"]
    assert seen["workspaces"] == 0
    assert "Sign on" in seen["off"]
    assert seen["firstEndedAfter"] < 5
    assert "Signed on" not in seen["firstAfter"]


async def test_the_local_issuer_signs_on_whoever_asks(tmp_path: Path, pictures: Path):
    server = ServerProcess(f"sqlite:///{tmp_path}/cortex.db", tmp_path)
    try:
        await server.start()
        seen = await walk("local", pictures, first=server.url)
    finally:
        await server.stop()
    assert "Signed on as Ada <b>." in seen["first"]
    assert [each["name"] for each in seen["cookies"]] == [SESSION]
    assert "Signed on" not in seen["firstAfter"]
