"""What is answered on the connection itself says the same as what the application answers."""

import json

import pytest

from cortex_adapters.uvicorn.problem import problem
from cortex_core.domain.errors import CortexError, InternalError, SettingsError, catalogue

MADE = {InternalError: InternalError("incident"), SettingsError: SettingsError(["a"])}


WORD = "01978f3a-5c00-7a1e-9b37-3c1e5a0d2f41"


@pytest.mark.parametrize("kind", [*catalogue()], ids=lambda kind: kind.code)
@pytest.mark.parametrize("status", [400, 408, 500, 503])
def test_a_time_to_wait_is_told_where_it_is_worth_trying_again(
    status: int, kind: type[CortexError]
) -> None:
    error = MADE[kind] if kind in MADE else kind()
    error.retry_after = 7
    answer = problem(status, error, correlation_id=WORD, docs_url="https://docs.example")
    headers = dict(answer.headers)
    assert json.loads(answer.body)["retryable"] is kind.retryable
    assert headers.get(b"retry-after") == (b"7" if kind.retryable else None)
