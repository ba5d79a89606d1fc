"""Traces are kept as asked, and not more of them than a server can tell of beside its work."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.sampling import Decision

from cortex_adapters.otel.opening import open_telemetry
from cortex_adapters.otel.sampling import BURST, BoundedSampler
from cortex_core.ports import AttributeValue, Level

LOWEST, HIGHEST = 1, (1 << 128) - 1  # a ratio keeps the lower ids


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def kept(sampler: BoundedSampler, count: int, trace_id: int = LOWEST) -> int:
    results = [sampler.should_sample(None, trace_id, "http.server.request") for _ in range(count)]
    return sum(each.decision is Decision.RECORD_AND_SAMPLE for each in results)


def test_a_burst_is_kept_whole_and_what_follows_by_its_rate():
    clock = Clock()
    sampler = BoundedSampler(1.0, rate=20, burst=100, clock=clock)
    assert kept(sampler, 1_000) == 100
    clock.now += 0.5
    assert kept(sampler, 1_000) == 10
    clock.now += 3_600
    assert kept(sampler, 1_000) == 100


def test_few_traces_are_all_kept():
    clock = Clock()
    sampler = BoundedSampler(1.0, rate=20, burst=20, clock=clock)
    for _ in range(1_000):
        clock.now += 0.05
        assert kept(sampler, 1) == 1


@pytest.mark.parametrize(("ratio", "found"), [(0.0, (0, 0)), (0.5, (5, 0)), (1.0, (5, 5))])
def test_what_the_ratio_leaves_out_takes_no_place(ratio: float, found: tuple[int, int]):
    sampler = BoundedSampler(ratio, rate=1, burst=10, clock=Clock())
    assert (kept(sampler, 5), kept(sampler, 5, HIGHEST)) == found


@pytest.mark.parametrize(
    ("environ", "least", "most"),
    [({}, BURST, 2 * BURST), ({"OTEL_TRACES_SAMPLER": "always_on"}, 1_000, 1_000)],
    ids=["as it comes", "asked for"],
)
def test_without_a_sampler_of_its_own_a_server_keeps_a_bounded_number(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], least: float, most: float
):
    for name, value in environ.items():  # the SDK reads them itself
        monkeypatch.setenv(name, value)
    flags: list[str] = []
    with open_telemetry(Lines(), resource={}, ratio=1.0, environ=environ) as opened:
        for _ in range(1_000):
            with opened.telemetry.span("http.server.request"):
                flags.append(opened.telemetry.carrier()["traceparent"][-2:])
    assert least <= flags.count("01") <= most


class Lines:
    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        pass
