"""What an `Assistant` must do."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Final

import pytest

from cortex_core.contract import make
from cortex_core.domain.text import CONTENT_LENGTH, unstorable
from cortex_core.ports import Assistant

CONTENT: Final = {
    "plain": "What is the capital of France?",
    "one character": "x",
    "outer space": " \t\r\n x y \n",
    "astral": "\N{PILE OF POO} e\N{COMBINING ACUTE ACCENT} \N{HEBREW LETTER ALEF}",
    "longest": "x" * CONTENT_LENGTH,
    "longest in bytes": "\N{PILE OF POO}" * CONTENT_LENGTH,
    "many words": "a " * (CONTENT_LENGTH // 2),
    "nearly nothing but space": " " * (CONTENT_LENGTH - 1) + "x",
}


class AssistantContract:
    """Give it a fixture `assistant`, ready to answer within a minute."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="session")
    @classmethod
    def anyio_backend(cls) -> str:
        return "asyncio"

    @pytest.fixture
    def assistant(self) -> Assistant:
        """Give an assistant, ready to answer."""
        raise NotImplementedError

    @pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT.keys())
    async def test_the_pieces_make_an_answer(self, assistant: Assistant, content: str) -> None:
        """One that is a valid message."""
        answer = "".join(await _pieces(assistant, content))
        assert 1 <= len(answer) <= CONTENT_LENGTH
        assert answer.strip()
        assert unstorable(answer) is None

    async def test_an_answer_may_be_left_early_and_asked_for_again(
        self, assistant: Assistant
    ) -> None:
        prompt = make.prompt("Say a few words, please, one after another.")
        for _ in range(3):
            async with aclosing(assistant.reply(prompt)) as reply:
                assert isinstance(await anext(reply), str)
        assert "".join([piece async for piece in assistant.reply(prompt)])

    async def test_an_answer_may_be_cancelled(self, assistant: Assistant) -> None:
        task = asyncio.create_task(_pieces(assistant, "Say a few words, please."))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await _pieces(assistant, "Again.")

    async def test_answers_may_be_given_at_once(self, assistant: Assistant) -> None:
        answers = await asyncio.gather(*(_pieces(assistant, f"Question {n}") for n in range(8)))
        assert all(answers)


async def _pieces(assistant: Assistant, content: str) -> list[str]:
    async with asyncio.timeout(60), aclosing(assistant.reply(make.prompt(content))) as reply:
        return [piece async for piece in reply]
