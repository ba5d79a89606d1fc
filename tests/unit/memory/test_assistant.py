import asyncio

from hypothesis import given

from cortex_adapters.memory.assistant import EchoAssistant
from cortex_core.contract import make, strategies


async def pieces(content: str) -> list[str]:
    return [piece async for piece in EchoAssistant(delay=0).reply(make.prompt(content))]


@given(content=strategies.contents())
async def test_the_answer_is_the_question(content: str) -> None:
    assert "".join(await pieces(content)) == content


async def test_it_is_said_word_by_word() -> None:
    assert await pieces("  one two\n\nthree \t") == ["  one", " two", "\n\nthree \t"]
    assert await pieces("one") == ["one"]


async def test_no_piece_is_empty_and_there_are_a_thousand_at_most() -> None:
    for words in (1, 999, 1_000, 1_001, 15_999):
        found = await pieces("a " * words)
        assert all(found)
        assert len(found) <= 1_000
        assert len(found) == words or words > 1_000


async def test_it_takes_its_time() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    reply = EchoAssistant(delay=0.02).reply(make.prompt("one two three"))
    assert "".join([piece async for piece in reply]) == "one two three"
    assert loop.time() - began >= 0.05
