"""Signals as they are carried: short texts, because a payload of PostgreSQL ends at 8 000 bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from cortex_core.domain.events import Bell, Signal, TurnDelta
from cortex_core.domain.ids import ConversationId, TurnId

__all__ = ["Alarm", "Unpacker", "pack"]

_MOST_BYTES: Final = 7_900
_PIECE: Final = 1_200  # characters; JSON makes up to six bytes of each


class Alarm(msgspec.Struct, frozen=True):
    """Signals were lost: everybody had better look."""


class _Alarm(msgspec.Struct, frozen=True, array_like=True, tag="alarm"):
    origin: str


class _Bell(msgspec.Struct, frozen=True, array_like=True, tag="bell"):
    origin: str
    conversation_id: ConversationId
    seq: int
    traceparent: str = ""


class _Delta(msgspec.Struct, frozen=True, array_like=True, tag="delta"):
    origin: str
    conversation_id: ConversationId
    turn_id: TurnId
    attempt: int
    index: int
    piece: int  # which of the delta's it is, from 0
    left: int  # how many are still to come
    text: str


_decoder: Final = msgspec.json.Decoder(_Alarm | _Bell | _Delta)


def pack(origin: str, signal: Signal | Alarm) -> Sequence[str]:
    """Return the payloads that *signal* makes; a delta with text that UTF-8 cannot hold: none."""
    if isinstance(signal, Alarm):
        return [_text(_Alarm(origin))]
    if isinstance(signal, Bell):
        return [_text(_Bell(origin, signal.conversation_id, signal.seq, signal.traceparent))]
    try:
        return _pack_delta(origin, signal)
    except UnicodeEncodeError:
        return []


def _pack_delta(origin: str, delta: TurnDelta) -> Sequence[str]:
    whole = _text(_piece(origin, delta, 0, 0, delta.text))
    if len(whole.encode()) <= _MOST_BYTES:
        return [whole]
    texts = [delta.text[place : place + _PIECE] for place in range(0, len(delta.text), _PIECE)]
    return [
        _text(_piece(origin, delta, piece, len(texts) - piece - 1, text))
        for piece, text in enumerate(texts)
    ]


def _piece(origin: str, delta: TurnDelta, piece: int, left: int, text: str) -> _Delta:
    place = (delta.conversation_id, delta.turn_id, delta.attempt, delta.index)
    return _Delta(origin, *place, piece, left, text)


def _text(packet: _Alarm | _Bell | _Delta) -> str:
    return msgspec.json.encode(packet).decode()


class Unpacker:
    """Makes signals of payloads; those of *origin* itself are left out."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._pieces: dict[str, list[_Delta]] = {}

    def unpack(self, payload: str) -> Signal | Alarm | None:
        """Return the signal that *payload* is, or completes, if any."""
        try:
            packet = _decoder.decode(payload)
        except msgspec.MsgspecError:
            return None  # from another release
        if packet.origin == self._origin:
            return None
        if isinstance(packet, _Alarm):
            return Alarm()
        if isinstance(packet, _Bell):
            return Bell(
                conversation_id=packet.conversation_id,
                seq=packet.seq,
                traceparent=packet.traceparent,
            )
        return self._joined(packet)

    def _joined(self, packet: _Delta) -> TurnDelta | None:
        before = self._pieces.pop(packet.origin, []) if packet.piece else []
        if packet.piece and not (before and _follows(packet, before[-1])):
            return None
        pieces = [*before, packet]
        if packet.left:
            self._pieces[packet.origin] = pieces
            return None
        return TurnDelta(
            conversation_id=packet.conversation_id,
            turn_id=packet.turn_id,
            attempt=packet.attempt,
            index=packet.index,
            text="".join(piece.text for piece in pieces),
        )


def _follows(packet: _Delta, before: _Delta) -> bool:
    """Say whether *packet* is the next piece after *before*."""
    return (packet.turn_id, packet.attempt, packet.index, packet.piece) == (
        before.turn_id,
        before.attempt,
        before.index,
        before.piece + 1,
    )
