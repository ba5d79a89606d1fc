"""An operation as a line for a shell."""

from __future__ import annotations

import json

from cortex_adapters.litestar.openapi.tree import Json


def curl(url: str, path: str, method: str, operation: Json) -> str:
    """Return the command; ids and the token are variables of the shell."""
    target = url + path.replace("{", "$").replace("}", "")
    content = operation.get("requestBody", {}).get("content", {})
    words = ["curl -N" if _streams(operation) else "curl"]
    if method != ("post" if content else "get"):
        words[0] += f" -X {method.upper()}"
    words.append(f'"{target}"')
    if not is_open(operation):
        words.append('-H "Authorization: Bearer $token"')
    if "application/json" in content:
        body = json.dumps(content["application/json"]["example"]).replace("'", r"'\''")
        words += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(words)


def is_open(operation: Json) -> bool:
    """Say whether no credential is needed."""
    return not operation["security"] or {} in operation["security"]


def _streams(operation: Json) -> bool:
    contents = operation["responses"].get("200", {}).get("content", {}).values()
    return any("x-event-schema" in content for content in contents)
