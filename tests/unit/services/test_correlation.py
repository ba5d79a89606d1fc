"""What one request leads to, told together: its events, its turn, what is delivered."""

import asyncio
from collections.abc import AsyncGenerator

from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.memory.telemetry import RecordedSpan
from cortex_core.domain.correlation import correlated, correlation_id
from cortex_core.ports import Prompt
from tests.unit.services.scene import turns
from tests.unit.services.streams import following
from tests.unit.services.workers import House, working


def _spans(house: House, name: str) -> list[RecordedSpan]:
    return [span for span in house.telemetry.spans if span.name == name]


class _Listening(EchoAssistant):
    """Takes note of whose request it answers."""

    def __init__(self) -> None:
        super().__init__(delay=0)
        self.words: list[str] = []

    def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.words.append(correlation_id())
        return super().reply(prompt)


async def test_a_turn_goes_on_in_the_name_of_the_request_that_asked_for_it(house: House) -> None:
    assistant = _Listening()
    with correlated("word"), house.telemetry.span("http.server.request") as request:
        await house.ask()
    with correlated("other"):
        async with working(house.worker(assistant)):
            await house.ended()
    assert [event.correlation_id for event in (await house.log())[1:]] == ["word"] * 4
    assert assistant.words == ["word"]
    [turn] = _spans(house, "cortex.turn")
    assert (turn.parent, turn.attributes["outcome"]) == (None, "ok")
    [link] = turn.links
    [case] = [
        span
        for span in house.telemetry.spans
        if span.attributes.get("operation") == "exchange.post"
    ]
    assert (link, case.parent) == (case.number, request.number)
    [reply] = _spans(house, "cortex.assistant.reply")
    assert reply.parent != turn.number  # between them is the use case


async def test_a_turn_that_fails_says_so(house: House) -> None:
    class Broken(EchoAssistant):
        def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
            raise RuntimeError("broken")

    await house.ask()
    async with working(house.worker(Broken(), attempts=1)):
        await house.ended()
    [turn] = _spans(house, "cortex.turn")
    assert turn.attributes["outcome"] == "internal"


async def test_what_is_delivered_is_linked_to_where_it_was_published(house: House) -> None:
    async with following(house.scene) as stream:
        await stream.next()
        reading = asyncio.create_task(stream.next())
        await turns(5)
        await house.scene.say("Hello.")
        await reading
    published = _spans(house, "cortex.event.publish")[-1]
    delivered = [span for span in _spans(house, "cortex.event.deliver") if span.links]
    assert delivered[-1].links == (published.number,)
    assert delivered[-1].attributes["events"] == 1


async def test_what_is_live_is_measured_and_what_is_read_again_is_not(house: House) -> None:
    house.telemetry.counts.clear()
    async with following(house.scene) as stream:
        await stream.next()
        reading = asyncio.create_task(stream.next())
        await turns(5)
        assert not house.telemetry.measurements
        await house.scene.say("Hello.")
        await reading
    [delay] = house.telemetry.measurements
    assert (delay.name, delay.value) == ("cortex.event.delay", 0)
    counted = {str(count.attributes["type"]) for count in house.telemetry.counts}
    assert "message.created" in counted
