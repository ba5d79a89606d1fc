"""The page of all operations, and of the things that they take and answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Final

from cortex_adapters.litestar.errors import MEDIA_TYPE
from cortex_adapters.litestar.openapi.tree import Json
from cortex_adapters.litestar.pages.curl import curl, is_open
from cortex_adapters.litestar.pages.markup import block, code, link, page, path, root, table, text
from cortex_adapters.litestar.pages.types import fields, kind, limits

_LINK: Final = re.compile(r"]\([^)]*/errors\)")


def operations_page(document: Json) -> str:
    """Return the page of all operations in an OpenAPI *document*."""
    title, url = document["info"]["title"], document["servers"][0]["url"]
    nav, main = "".join(_nav(document, root(url))), "".join(_main(document, root(url)))
    return page(title, nav=nav, main=f"<h1>{escape(title)}</h1>{main}")


def _operations(document: Json, tag: str) -> Iterator[tuple[str, str, Json]]:
    for target, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield target, method, operation


def _nav(document: Json, base: str) -> Iterator[str]:
    yield '<a class="home" href="#">Cortex Core</a>'
    for tag in document["tags"]:
        name = tag["name"]
        items = "".join(
            f"<li>{link('#' + operation['operationId'], escape(operation['summary']))}</li>"
            for *_, operation in _operations(document, name)
        )
        yield f"{link('#' + name, escape(name.capitalize()))}<ul>{items}</ul>"
    yield link("#things", "Things")
    yield link(f"{base}/docs/errors", "Errors") + link(f"{base}/openapi.json", "OpenAPI")


def _main(document: Json, base: str) -> Iterator[str]:
    info = document["info"]
    server = document["servers"][0]
    yield f'<p class="dim">Version {escape(info["version"])} at {code(server["url"])}.</p>'
    described = _LINK.sub(f"]({base}/docs/errors)", info["description"])
    yield "".join(f"<p>{text(part)}</p>" for part in described.strip().split("\n\n"))
    bearer = document["components"]["securitySchemes"]["bearer"]["description"]
    yield f"<p><strong>Credentials.</strong> {text(bearer)}</p>"
    for tag in document["tags"]:
        name = tag["name"]
        yield f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{text(tag["description"])}</p>'
        for target, method, operation in _operations(document, name):
            yield from _operation(document, base, target, method, operation)
    yield '<h2 id="things">things</h2><p>What is sent and answered, by name.</p>'
    for name, schema in document["components"]["schemas"].items():
        yield _thing(name, schema)


def _operation(
    document: Json, base: str, target: str, method: str, operation: Json
) -> Iterator[str]:
    yield '<details class="entry"><summary>'
    yield f'<b class="method {method}">{method.upper()}</b>{path(target)}'
    yield f"<span>{text(operation['summary'])}</span></summary>"
    # inside: a link to something inside opens what is closed around it
    yield f'<div id="{operation["operationId"]}">'
    yield f'<p><span class="needs">{_needs(operation)}</span></p>'
    yield block(curl(document["servers"][0]["url"], target, method, operation))
    yield from _parameters(document, operation)
    yield from _body(document, operation)
    yield "<h4>Answers</h4>"
    yield table("answers", ("Status", "Meaning", "What it holds"), _answers(operation, base))
    yield from _samples(operation)
    yield "</div></details>"


def _needs(operation: Json) -> str:
    if is_open(operation):
        return "Public: needs no credential"
    permissions = [code(scope) for scope in operation["security"][0]["bearer"]]
    return f"Needs the permission {permissions[0]}" if permissions else "Needs a credential"


def _parameters(document: Json, operation: Json) -> Iterator[str]:
    yield "<h4>Parameters</h4>"
    rows = []
    for each in operation["parameters"]:
        name = each.get("$ref", "").rpartition("/")[2]
        parameter = document["components"]["parameters"][name] if name else each
        meaning = f"{text(parameter['description'])} {limits(parameter['schema'])}"
        place = f"{parameter['in']}{', required' if parameter.get('required') else ''}"
        rows.append([code(parameter["name"]), place, kind(parameter["schema"]), meaning])
    yield table("parameters", ("Name", "In", "Type", "Meaning"), rows)


def _body(document: Json, operation: Json) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return
    if "application/json" not in content:
        yield f"<h4>Body</h4><p>A form, sent as {code(*content)}</p>"
        return
    yield f"<h4>Body</h4><p>{kind(content['application/json']['schema'])}, sent as "
    yield f"{' or '.join(code(media_type) for media_type in content)}</p>"
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = document["components"]["schemas"][name]
    yield table("fields", ("Field", "Type", "Meaning"), fields(schema))


def _answers(operation: Json, base: str) -> Iterator[list[str]]:
    for status, answer in operation["responses"].items():
        holds = []
        for media_type, content in answer.get("content", {}).items():
            if media_type == MEDIA_TYPE:
                codes = content["examples"]
                links = (link(f"{base}/docs/errors#{each}", code(each)) for each in codes)
                holds.append(" ".join(links))
            else:
                shown = content.get("x-event-schema", content["schema"])
                holds.append(f"{kind(shown)}, as {code(media_type)}")
        headers = [code(name) for name in answer["headers"] if name in ("ETag", "Location")]
        yield [status, text(answer["description"]), "; ".join([*holds, *headers])]


def _samples(operation: Json) -> Iterator[str]:
    success = operation["responses"][min(operation["responses"])]
    for media_type, content in success.get("content", {}).items():
        if "x-event-schema" in content:
            yield f"<h4>The stream</h4><p>{text(content['schema']['description'])}</p>"
        samples = [content["example"]] if "example" in content else []
        samples += [example["value"] for example in content.get("examples", {}).values()]
        for sample in samples:
            shown = sample if isinstance(sample, str) else json.dumps(sample, indent=2)
            yield f'<details class="more"><summary>Example, {code(media_type)}</summary>'
            yield f"{block(shown.strip())}</details>"


def _thing(name: str, schema: Json) -> str:
    rows = fields(schema)
    told = table("fields", ("Field", "Type", "Meaning"), rows) if rows else f"<p>{kind(schema)}</p>"
    return (
        f'<details class="entry thing"><summary>{code(name)}<span>'
        f"{text(schema['description'])}</span></summary>"
        f'<div id="thing-{name}">{told}</div></details>'
    )
