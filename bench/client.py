"""Asks a server on loopback as one user, to set the scene."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping

__all__ = ["Client"]


class Client:
    """Asks the server as one user."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.headers: dict[str, str] = {}
        self.token = self.post("/auth/dev/token", {"email": "bench@example.com"})["access_token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def conversations(self, workspace: str, count: int) -> list[str]:
        """Start *count* conversations and return their paths."""
        path = f"/v1/workspaces/{workspace}/conversations"
        made = [self.post(path, {"topic": f"{number}"}) for number in range(count)]
        return [f"/v1/conversations/{each['id']}" for each in made]

    def post(self, path: str, body: Mapping[str, str]) -> dict[str, str]:
        request = urllib.request.Request(
            self._url + path,
            data=json.dumps(body).encode(),
            headers={**self.headers, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            said: dict[str, str] = json.load(answer)
        return said
