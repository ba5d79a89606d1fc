"""Several server processes on one socket, watched by a supervisor that serves nothing itself."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Final

import msgspec

from cortex_adapters.uvicorn.sockets import bind

__all__ = ["supervise"]

_PASSED_ON: Final = (signal.SIGUSR1, signal.SIGUSR2)
_POLL_SECONDS: Final = 0.1
_HEALTHY_SECONDS: Final = 5.0
_LONGEST_PAUSE: Final = 5.0
_TRIES: Final = 5
_ANSWER_SECONDS: Final = 0.5
_QUESTION: Final = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class _Worker(msgspec.Struct):
    """A place for one process: the process in it, or when the next one may start."""

    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    failures: int = 0


def supervise(
    command: Sequence[str],
    *,
    host: str,
    port: int,
    workers: int,
    environment: Mapping[str, str] | None = None,
    leave_seconds: float = 10.0,
    started: Callable[[str, int], None] = lambda _host, _port: None,
) -> int:
    """Run *command* in *workers* processes on one socket, and return the exit code for ours.

    Each is told the socket by `--fd N` at the end of *command*, to be passed to `serve`, and its
    number, from 0, by `--worker N`; whoever takes the place of another has its number. One that
    ends is started again, at once and then ever later up to 5 s; when the first five starts in a
    row last less than 5 s each, the code of the last is returned. The first SIGTERM or SIGINT
    is a SIGTERM to all of them, and the answer is 0 when all of them leave well; a second one
    kills, as does *leave_seconds* without an end. SIGUSR1 and SIGUSR2 are passed on to all.
    *environment* is theirs in place of ours.
    *started* is told the address once one of them answers there.

    Raises:
        OSError: The address cannot be had.
    """
    told: list[int] = []

    def receive(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for place in places:
            if place.process is not None:
                place.process.send_signal(number)

    before = {number: signal.signal(number, receive) for number in (signal.SIGTERM, signal.SIGINT)}
    before |= {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    places = [_Worker() for _ in range(workers)]
    try:
        with bind(host, port) as sock:
            full = [*command, "--fd", str(sock.fileno())]
            code = _keep_up(places, full, sock, environment, told, started)
        # our copy of the socket is closed: when theirs are, the address refuses
        left = _see_out(places, told, leave_seconds)
        return code or left
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep_up(
    places: Sequence[_Worker],
    command: Sequence[str],
    sock: socket.socket,
    environment: Mapping[str, str] | None,
    told: Sequence[int],
    started: Callable[[str, int], None],
) -> int:
    """Start what is not running until a signal comes; return 0, or the code of a hopeless start."""
    healthy = False
    answered = False
    while not told:
        now = time.monotonic()
        for number, place in enumerate(places):
            if place.process is None and now >= place.since:
                place.process = _start([*command, "--worker", str(number)], sock, environment)
                place.since = now
            elif place.process is not None and place.process.poll() is not None:
                code = place.process.returncode
                lasted = now - place.since >= _HEALTHY_SECONDS
                healthy = healthy or lasted
                place.failures = 0 if lasted else place.failures + 1
                if not healthy and place.failures >= _TRIES:
                    return code if code > 0 else 1
                pause = 0.0 if lasted else 0.1 * 2**place.failures
                place.process, place.since = None, now + min(pause, _LONGEST_PAUSE)
        healthy = healthy or any(
            place.process is not None and now - place.since >= _HEALTHY_SECONDS for place in places
        )
        if not answered and _answers(sock):
            answered = True
            address = sock.getsockname()
            started(str(address[0]), int(address[1]))
        time.sleep(_POLL_SECONDS)
    return 0


def _start(
    command: Sequence[str], sock: socket.socket, environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    # What is ignored stays so in the new process, until it has a handler: else it would end it.
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _PASSED_ON}
    try:
        # a group of their own: Ctrl-C in a terminal reaches us alone, and once
        return subprocess.Popen(  # noqa: S603 - our own command
            command, pass_fds=[sock.fileno()], env=environment, process_group=0
        )
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _answers(sock: socket.socket) -> bool:
    """Say whether one of the processes that share *sock* answers there."""
    with socket.socket(sock.family, sock.type) as client:
        client.settimeout(_ANSWER_SECONDS)
        try:
            client.connect(sock.getsockname())
            client.sendall(_QUESTION)
            return bool(client.recv(1))
        except OSError:
            return False


def _see_out(places: Sequence[_Worker], told: Sequence[int], leave_seconds: float) -> int:
    """Tell all to leave, kill those that do not, and return 0 when each left well."""
    processes = [place.process for place in places if place.process is not None]
    for process in processes:
        process.terminate()
    until = time.monotonic() + leave_seconds
    while any(process.poll() is None for process in processes):
        if len(told) > 1 or time.monotonic() > until:
            for process in processes:
                process.kill()
        time.sleep(_POLL_SECONDS)
    # one that was still starting had no handler yet, and nobody to see out
    well = (0, -signal.SIGTERM)
    return 0 if all(process.returncode in well for process in processes) else 1
