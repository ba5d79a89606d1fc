"""README's examples, run as they are printed."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.server import ServerProcess

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def _blocks(language: str, word: str) -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(block for block in found if word in block)


def test_the_library_example_prints_what_was_said(tmp_path: Path):
    example = _blocks("python", "ports_around")
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "['Hello']\n"


async def test_the_curl_lines_work_as_printed(server: ServerProcess):
    walk = _blocks("sh", "/auth/dev/token").replace(":8000", f":{server.port}")
    again = _blocks("sh", "Last-Event-ID")
    watch = walk.replace("curl -N", "curl -sN --max-time 3")
    answered = await _shell(watch)
    ids = re.findall(r"^id: (\S+)$", answered, re.MULTILINE)
    assert [int(each.rsplit(".", 1)[1]) for each in ids] == [1, 2, 3, 4]
    assert "event: turn.delta" in answered
    assert "event: turn.completed" in answered
    resumed = await _shell(
        watch.rsplit("\n# Watch", 1)[0].replace("ada@", "bob@")
        + "\nsleep 2\n"
        + again.replace("curl -N", "curl -sN --max-time 2").replace(
            "<epoch>.<n>", ids[1].split(".")[0] + ".2"
        )
    )
    later = re.findall(r"^id: \S+\.(\d+)$", resumed, re.MULTILINE)
    assert later == ["3", "4"]


async def _shell(script: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode()
