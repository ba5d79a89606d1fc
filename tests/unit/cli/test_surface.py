"""`cortex routes` and `cortex openapi`."""

import json

from tests.unit.cli.conftest import Cortex


def test_routes_are_listed(cortex: Cortex):
    code, out, err = cortex("routes")
    assert (code, err) == (0, "")
    assert "POST    /v1/conversations/{conversation_id}/messages" in out.splitlines()
    assert "POST    /auth/dev/token" in out.splitlines()
    assert "OPTIONS" not in out


def test_the_document_is_printed(cortex: Cortex):
    code, out, err = cortex("openapi", public_url="https://cortex.example.com")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["openapi"].startswith("3.1")
    assert document["servers"][0]["url"] == "https://cortex.example.com"
    _, routes, _ = cortex("routes")
    told = {path for path in document["paths"] if not path.startswith("/docs")}
    assert told <= {line.split()[1] for line in routes.splitlines()}
