"""Pages for people: rendered here, without a script, and with nothing from other hosts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html import escape
from typing import Final

from cortex_adapters.litestar.errors import MEDIA_TYPE, status_of
from cortex_adapters.litestar.openapi.tree import Json
from cortex_core.domain.errors import catalogue

STYLE: Final = """\
:root { color-scheme: light dark; --line: #8884; --dim: #777; --mark: #2a6fdb; --box: #8881; }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { margin-bottom: 0; } h2 { margin: 2.5rem 0 0; text-transform: capitalize; }
p.dim, td.dim { color: var(--dim); margin-top: 0; }
a { color: var(--mark); }
code, pre { font: 13.5px/1.5 ui-monospace, monospace; }
pre { background: var(--box); padding: .75rem; overflow-x: auto; border-radius: 6px; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: 0 .75rem; }
summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 4.2rem; color: var(--mark); }
summary span { color: var(--dim); }
table { border-collapse: collapse; width: 100%; }
td, th { border-top: 1px solid var(--line); padding: .35rem .5rem; text-align: left; }
td, th { vertical-align: top; overflow-wrap: anywhere; }
section { margin: 2rem 0; } :target { outline: 2px solid var(--mark); outline-offset: .5rem; }
"""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
_LINK: Final = re.compile(
    r"\[([^]]+)]\([^)]*/docs(/[a-z]+)\)"
)  # to our own pages, wherever they are
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def operations_page(document: Json) -> str:
    """Return the page of all operations in an OpenAPI *document*."""
    return _page("Cortex Core", "".join(_operations(document)))


def errors_page() -> str:
    """Return the page of all errors; each has an anchor, its code."""
    return _page("Errors", "".join(_errors()))


def _operations(document: Json) -> Iterator[str]:
    yield f"<p class=dim>Version {escape(document['info']['version'])}. "
    yield 'The same for programs: <a href="/openapi.json">openapi.json</a>. '
    yield 'What can go wrong: <a href="/docs/errors">errors</a>.</p>'
    yield "".join(f"<p>{_text(part)}</p>" for part in document["info"]["description"].split("\n\n"))
    for tag in document["tags"]:
        yield f'<h2 id="{tag["name"]}">{tag["name"]}</h2>'
        yield f"<p class=dim>{_text(tag['description'])}</p>"
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if operation["tags"] == [tag["name"]]:
                    yield from _operation(document, path, method, operation)


def _operation(document: Json, path: str, method: str, operation: Json) -> Iterator[str]:
    yield f'<details id="{operation["operationId"]}"><summary><b>{method.upper()}</b> '
    yield f"<code>{escape(path)}</code> <span>{_text(operation['summary'])}</span></summary>"
    yield f"<p>{_text(operation.get('description', ''))}</p>"
    url = document["servers"][0]["url"]
    yield f"<pre>{escape(_curl(url, path, method, operation))}</pre>"
    yield "<table><tr><th>Parameter<th>In<th>Meaning</tr>"
    for parameter in (_resolved(document, each) for each in operation["parameters"]):
        yield f"<tr><td><code>{escape(parameter['name'])}</code><td>{parameter['in']}"
        yield f"<td>{_text(parameter['description'])}</tr>"
    yield "</table><table><tr><th>Status<th>Meaning<th>Codes</tr>"
    for status, answer in operation["responses"].items():
        codes = answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
        links = ", ".join(f'<a href="/docs/errors#{code}">{code}</a>' for code in codes)
        yield f"<tr><td>{status}<td>{_text(answer['description'])}<td>{links}</tr>"
    yield "</table>"
    success = operation["responses"][min(operation["responses"])]
    for media, content in success.get("content", {}).items():
        yield f"<p class=dim>{escape(media)}</p><pre>{escape(_sample(content))}</pre>"
    yield "</details>"


def _resolved(document: Json, parameter: Json) -> Json:
    name = parameter.get("$ref", "").rpartition("/")[2]
    found: Json = document["components"]["parameters"][name] if name else parameter
    return found


def _sample(content: Json) -> str:
    shown = content.get("example")
    for example in content.get("examples", {}).values():
        shown = shown or example.get("value")
    return shown if isinstance(shown, str) else json.dumps(shown, indent=2)


def _curl(url: str, path: str, method: str, operation: Json) -> str:
    words = ["curl" if method in ("get", "post") else f"curl -X {method.upper()}", url + path]
    if operation["security"]:
        words.append('-H "Authorization: Bearer $token"')
    if "requestBody" in operation:
        example = json.dumps(operation["requestBody"]["content"]["application/json"]["example"])
        words.append(f"-H 'Content-Type: application/json' -d '{example}'")
    return " \\\n  ".join(words)


def _errors() -> Iterator[str]:
    yield "<p class=dim>Every problem document names one of these. "
    yield '<a href="/docs">All operations</a></p>'
    for error in sorted(catalogue(), key=lambda entry: entry.code):
        again = "Trying again may help." if error.retryable else "Trying again will not help."
        yield f'<section id="{error.code}"><h3>{escape(error.title)} <code>{error.code}</code></h3>'
        yield f"<p>{_text(error.meaning())}</p><p><b>What to do:</b> {_text(error.remedy)}</p>"
        yield f"<p class=dim>HTTP {status_of(error)}. {again}</p></section>"


def _text(text: str) -> str:
    """Return *text* as HTML, with the little Markdown that our texts use."""
    parts = escape(text).split("`")
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return _LINK.sub(r'<a href="/docs\2">\1</a>', _BOLD.sub(r"<b>\1</b>", "".join(parts)))


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    )
