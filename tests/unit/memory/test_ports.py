from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.memory.errors import MemoryErrorReporter
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.memory.telemetry import Line, MemoryTelemetry, Number
from cortex_core.contract import make


def test_what_is_not_given_stays_in_this_process() -> None:
    store = MemoryStore()
    ports = ports_around(store)
    assert ports.store is store
    assert isinstance(ports.identity, MemoryIdentityProvider)
    assert isinstance(ports.events, MemoryEventStream)
    assert isinstance(ports.assistant, EchoAssistant)
    assert isinstance(ports.errors, MemoryErrorReporter)
    assert isinstance(ports.telemetry, MemoryTelemetry)
    assert ports.new_id() < ports.new_id()


def test_what_is_given_is_taken() -> None:
    identity, events, assistant = MemoryIdentityProvider(), MemoryEventStream(), EchoAssistant()
    errors, telemetry = MemoryErrorReporter(), MemoryTelemetry()
    ports = ports_around(
        MemoryStore(),
        identity=identity,
        events=events,
        assistant=assistant,
        errors=errors,
        telemetry=telemetry,
        clock=lambda: make.NOON,
        new_id=lambda: "one",
    )
    assert ports.identity is identity
    assert ports.events is events
    assert ports.assistant is assistant
    assert ports.errors is errors
    assert ports.telemetry is telemetry
    assert (ports.clock(), ports.new_id()) == (make.NOON, "one")


def test_telemetry_is_kept_for_whoever_asks() -> None:
    telemetry = MemoryTelemetry()
    with telemetry.span("work", kind="a") as span:
        span.set(outcome="ok")
    telemetry.count("things", 2, kind="a")
    telemetry.measure("seconds", 0.5)
    telemetry.log("said", level="warning", kind="a")
    assert [(span.name, span.attributes) for span in telemetry.spans] == [
        ("work", {"kind": "a", "outcome": "ok"})
    ]
    assert list(telemetry.counts) == [Number("things", 2, {"kind": "a"})]
    assert list(telemetry.measurements) == [Number("seconds", 0.5, {})]
    assert list(telemetry.lines) == [Line("said", "warning", {"kind": "a"})]


def test_reports_are_kept_and_the_oldest_forgotten() -> None:
    reporter = MemoryErrorReporter()
    incidents = [reporter.report(ValueError(str(n)), operation="work") for n in range(150)]
    assert [report.incident for report in reporter.reports] == incidents[-100:]
    assert str(reporter.reports[-1].error) == "149"
