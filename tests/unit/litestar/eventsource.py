"""A client of event streams that keeps to the letter of the standard (WHATWG HTML, 9.2.6)."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """What is dispatched: an event's type, its data, and the last id there was by then."""

    event: str
    data: str
    last_event_id: str

    def json(self) -> Any:
        return json.loads(self.data)


@dataclass
class EventSource:
    """Takes bytes as they come."""

    messages: list[Message] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    retry: int | None = None
    _bytes: bytes = b""
    _begun: bool = False
    _event: str = ""
    _data: str = ""
    _last_event_id: str = ""
    _committed: str = ""

    def feed(self, chunk: bytes, *, end: bool = False) -> None:
        """Read *chunk*; a block that is not ended by an empty line is never dispatched."""
        self._bytes += chunk
        if not self._begun and (len(self._bytes) >= 3 or end):
            self._bytes = self._bytes.removeprefix(b"\xef\xbb\xbf")
            self._begun = True
        while self._begun and (line := self._line(end=end)) is not None:
            self._process(line.decode("utf-8", "replace"))

    def _line(self, *, end: bool) -> bytes | None:
        places = [place for mark in (b"\r", b"\n") if (place := self._bytes.find(mark)) >= 0]
        if not places:
            return None
        place = min(places)
        width = 1
        if self._bytes[place : place + 1] == b"\r":
            if place + 1 == len(self._bytes) and not end:
                return None  # A line feed may follow that belongs to it.
            width += self._bytes[place + 1 : place + 2] == b"\n"
        line, self._bytes = self._bytes[:place], self._bytes[place + width :]
        return line

    def _process(self, line: str) -> None:
        if not line:
            self._dispatch()
        elif line.startswith(":"):
            self.comments.append(line[1:])
        else:
            name, _, value = line.partition(":")
            self._field(name, value.removeprefix(" "))

    def _field(self, name: str, value: str) -> None:
        match name:
            case "event":
                self._event = value
            case "data":
                self._data += value + "\n"
            case "id" if "\x00" not in value:
                self._last_event_id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry = int(value)
            case _:
                pass

    def _dispatch(self) -> None:
        self._committed = self._last_event_id
        if self._data:
            data = self._data.removesuffix("\n")
            self.messages.append(Message(self._event or "message", data, self._committed))
        self._event = self._data = ""


def parse(body: bytes) -> EventSource:
    """Return what a client has heard when *body* is over."""
    source = EventSource()
    source.feed(body, end=True)
    return source
