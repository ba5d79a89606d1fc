"""What a `Telemetry` must do."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from cortex_core.domain.errors import ConflictError
from cortex_core.ports import AttributeValue, Carrier, Level, Reading, Telemetry

NAMES: Final = {
    "plain": "cortex.operations",
    "empty": "",
    "spaces": "two words",
    "null": "a\x00b",
    "surrogate": "a\ud800b",
    "astral": "\N{PILE OF POO}",
    "newline": "a\r\nb",
    "long": "x" * 100_000,
    "format": "%s {} {0} $1",
}
VALUES: Final[dict[str, AttributeValue]] = {
    "text": "text",
    "empty": "",
    "null": "a\x00b",
    "surrogate": "a\ud800b",
    "newline": "a\r\nb\x1b[31m",
    "megabyte": "x" * (1 << 20),
    "true": True,
    "beyond 64 bits": 1 << 70,
    "below 64 bits": -(1 << 70),
    "nan": float("nan"),
    "infinity": float("-inf"),
    "minus zero": -0.0,
}
ERRORS: Final = [
    ValueError,
    ConflictError,
    StopIteration,
    StopAsyncIteration,
    RuntimeError,
    asyncio.CancelledError,
    KeyboardInterrupt,
    SystemExit,
    GeneratorExit,
]
CARRIERS: Final[dict[str, Carrier]] = {
    "nothing": {},
    "another's": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    "not sampled": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"},
    "all zeros": {"traceparent": "00-00000000000000000000000000000000-0000000000000000-01"},
    "garbage": {"traceparent": "a\x00b\ud800", "tracestate": "=,=", "other": ""},
    "long": {"traceparent": "0" * 100_000, "tracestate": "a=b," * 10_000},
}
LEVELS: Final[list[Level]] = ["debug", "info", "warning", "error"]


class TelemetryContract:
    """Give it a fixture `telemetry`, ready to use."""

    @pytest.fixture
    def telemetry(self) -> Telemetry:
        """Give a telemetry, ready to use."""
        raise NotImplementedError

    @pytest.mark.parametrize("error_type", ERRORS)
    def test_a_span_lets_the_error_through_unchanged(
        self, telemetry: Telemetry, error_type: type[BaseException]
    ) -> None:
        cause, error = KeyError("cause"), error_type("mine")
        error.__cause__ = cause
        arguments = error.args

        def work() -> None:
            with telemetry.span("outer"), telemetry.span("inner") as span:
                span.set(outcome="failed")
                raise error

        with pytest.raises(error_type) as caught:
            work()
        assert caught.value is error
        assert error.args == arguments
        assert error.__cause__ is cause
        assert error.__context__ is None

    def test_a_span_lets_a_result_through(self, telemetry: Telemetry) -> None:
        def work() -> int:
            with telemetry.span("work"):
                return 3

        assert work() == 3

    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
    def test_any_name_is_taken(self, telemetry: Telemetry, name: str) -> None:
        with telemetry.span(name, **{name: "value"}) as span:
            span.set(**{name: 1})
        telemetry.count(name, **{name: 1})
        telemetry.measure(name, 0.5, **{name: 1})
        for level in LEVELS:
            telemetry.log(name, level=level, **{name: 1})

    @pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
    def test_any_value_is_taken(self, telemetry: Telemetry, value: AttributeValue) -> None:
        with telemetry.span("span", attribute=value) as span:
            span.set(attribute=value, other=value)
        telemetry.count("count", attribute=value)
        telemetry.measure("measure", 1.5, attribute=value)
        telemetry.log("log", attribute=value)
        if not isinstance(value, str):
            telemetry.measure("measure", value)
        if isinstance(value, int):
            telemetry.count("count", value)

    def test_an_attribute_may_have_the_name_of_a_parameter(self, telemetry: Telemetry) -> None:
        attributes: dict[str, AttributeValue] = {
            key: key
            for key in (
                "self",
                "name",
                "value",
                "event",
                "msg",
                "args",
                "exc_info",
                "extra",
                "message",
            )
        }
        with telemetry.span("span", **attributes) as span:
            span.set(**{key: value for key, value in attributes.items() if key != "self"})
        telemetry.count("count", 1, **attributes)
        telemetry.measure("measure", 1.5, **attributes)
        telemetry.log("log", level="info", **attributes)

    def test_one_name_may_take_other_attributes_each_time(self, telemetry: Telemetry) -> None:
        for attributes in ({}, {"a": 1}, {"a": "one"}, {"b": True}):
            telemetry.count("same", 1, **attributes)
            telemetry.measure("same", 1.5, **attributes)
            telemetry.log("same", level="info", **attributes)

    def test_a_counter_takes_any_number(self, telemetry: Telemetry) -> None:
        for value in (0, 1, -1, 10**9):
            telemetry.count("count", value)

    def test_a_span_that_has_ended_takes_no_harm(self, telemetry: Telemetry) -> None:
        with telemetry.span("ended") as span:
            pass
        span.set(late=True)

    @pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS.keys())
    def test_any_carrier_is_taken(self, telemetry: Telemetry, carrier: Carrier) -> None:
        with telemetry.span("child", carrier), telemetry.span("linked", None, [carrier, {}]):
            assert all(isinstance(text, str) for text in telemetry.carrier().values())

    def test_what_a_span_carries_on_ends_with_it(self, telemetry: Telemetry) -> None:
        before = telemetry.carrier()
        with telemetry.span("outer"):
            outer = dict(telemetry.carrier())
            with telemetry.span("inner", outer):
                pass
            assert telemetry.carrier() == outer
        assert telemetry.carrier() == before

    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
    def test_a_gauge_may_be_anything(self, telemetry: Telemetry, name: str) -> None:
        def read() -> list[Reading]:
            return [(1.0, {}), (float("nan"), {name: name}), (2.0, {"state": "idle"})]

        with telemetry.observe(name, read), telemetry.observe(name, read):
            pass

    def test_a_gauge_that_breaks_harms_nobody(self, telemetry: Telemetry) -> None:
        def read() -> list[Reading]:
            raise ValueError("no reading")

        with telemetry.observe("cortex.streams", read):
            telemetry.count("count")

    def test_a_gauge_lets_the_error_inside_through(self, telemetry: Telemetry) -> None:
        with pytest.raises(ValueError, match="mine"), telemetry.observe("gauge", list):
            raise ValueError("mine")

    @pytest.mark.anyio
    async def test_spans_of_tasks_may_overlap(self, telemetry: Telemetry) -> None:
        async def work(n: int) -> int:
            with telemetry.span("task", number=n) as span:
                await asyncio.sleep(0.001 * (n % 3))
                span.set(done=True)
            return n

        with telemetry.span("all"):
            assert await asyncio.gather(*(work(n) for n in range(20))) == list(range(20))

    @pytest.fixture(scope="session")
    @classmethod
    def anyio_backend(cls) -> str:
        return "asyncio"
