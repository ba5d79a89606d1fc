"""Traces are kept as asked, and not more of them than a server can tell of beside its work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags, TraceState

from cortex_adapters.otel.opening import open_telemetry
from cortex_adapters.otel.sampling import BURST, BoundedSampling
from cortex_core.ports import AttributeValue, Level

LOWEST, HIGHEST = 1, (1 << 128) - 1  # a ratio keeps the lower ids


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def kept(sampler: BoundedSampling, count: int, trace_id: int = LOWEST) -> int:
    return sum(sampler.keeps(trace_id, "x", SpanKind.SERVER, None)[0] for _ in range(count))


def test_a_burst_is_kept_whole_and_what_follows_by_its_rate():
    clock = Clock()
    sampler = BoundedSampling(1.0, rate=20, burst=100, clock=clock)
    assert kept(sampler, 1_000) == 100
    clock.now += 0.5
    assert kept(sampler, 1_000) == 10
    clock.now += 3_600
    assert kept(sampler, 1_000) == 100


def test_few_traces_are_all_kept():
    clock = Clock()
    sampler = BoundedSampling(1.0, rate=20, burst=20, clock=clock)
    for _ in range(1_000):
        clock.now += 0.05
        assert kept(sampler, 1) == 1


@pytest.mark.parametrize(("ratio", "found"), [(0.0, (0, 0)), (0.5, (5, 0)), (1.0, (5, 5))])
def test_what_the_ratio_leaves_out_takes_no_place(ratio: float, found: tuple[int, int]):
    sampler = BoundedSampling(ratio, rate=1, burst=10, clock=Clock())
    assert (kept(sampler, 5), kept(sampler, 5, HIGHEST)) == found


@given(st.integers(1, HIGHEST), st.floats(0, 1))
def test_all_who_are_asked_about_one_trace_agree(trace_id: int, ratio: float):
    theirs = TraceIdRatioBased(ratio).should_sample(None, trace_id, "x")
    ours = BoundedSampling(ratio, clock=Clock())
    assert kept(ours, 1, trace_id) == (theirs.decision is Decision.RECORD_AND_SAMPLE)


def place(flags: int) -> SpanContext:
    return SpanContext(1, 2, True, TraceFlags(flags), TraceState([("k", "v")]))


@pytest.mark.parametrize("flags", [TraceFlags.SAMPLED, TraceFlags.DEFAULT])
def test_what_comes_from_elsewhere_is_kept_as_it_was_decided_there(flags: int):
    sampling = BoundedSampling(0.0, clock=Clock())
    kept, state = sampling.keeps(1, "x", SpanKind.SERVER, place(flags))
    assert (kept, state) == (bool(flags), TraceState([("k", "v")]))


def test_callers_who_say_that_they_are_sampled_are_bounded_by_themselves():
    sampling = BoundedSampling(1.0, rate=20, burst=100, clock=Clock())
    theirs = [
        sampling.keeps(1, "x", SpanKind.SERVER, place(TraceFlags.SAMPLED))[0] for _ in range(1_000)
    ]
    assert sum(theirs) == 100
    assert kept(sampling, 1_000) == 100
    goes_on, _ = sampling.keeps(1, "x", SpanKind.CONSUMER, place(TraceFlags.SAMPLED))
    assert goes_on


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
