"""Signals become payloads that PostgreSQL takes, and come back as they were."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cortex_adapters.signals.wire import Alarm, Unpacker, pack
from cortex_core.contract import make
from cortex_core.domain.events import Signal

HERE = make.conversation_id()
TEXT = st.text(st.characters(codec="utf-8"), max_size=20) | st.builds(
    lambda character, length: character * length,
    st.characters(codec="utf-8"),
    st.integers(1_000, 32_000),
)
SIGNALS = st.builds(make.bell, st.just(HERE), st.integers(0, 2**53)) | st.builds(
    make.delta, st.just(HERE), st.integers(0, 2**31), TEXT
)


@given(signals=st.lists(SIGNALS, max_size=5))
def test_fault_47_what_is_packed_fits_and_comes_out_again_in_order(signals: list[Signal]) -> None:
    payloads = [payload for signal in signals for payload in pack("one", signal)]
    assert all(0 < len(payload.encode()) < 8_000 for payload in payloads)
    other, same = Unpacker("two"), Unpacker("one")
    heard = [other.unpack(payload) for payload in payloads]
    assert [signal for signal in heard if signal] == signals
    assert not any(same.unpack(payload) for payload in payloads)


def test_the_pieces_of_one_delta_are_told_apart() -> None:
    """PostgreSQL makes one of equal payloads in one transaction."""
    payloads = pack("one", make.delta(HERE, 0, "x" * 32_000))
    assert len(payloads) > 4
    assert len(set(payloads)) == len(payloads)


@given(length=st.integers(8_000, 32_000), lost=st.integers(0, 99))
def test_a_delta_that_lost_a_piece_is_lost_and_disturbs_no_other(length: int, lost: int) -> None:
    text = "x" * length
    payloads = list(pack("one", make.delta(HERE, 0, text)))
    whole = pack("one", make.delta(HERE, 1, text))
    del payloads[lost % len(payloads)]
    unpacker = Unpacker("two")
    heard = [unpacker.unpack(payload) for payload in [*payloads, *whole]]
    assert [signal for signal in heard if signal] == [make.delta(HERE, 1, text)]


def test_a_bell_brings_its_trace() -> None:
    rung = replace(make.bell(HERE), traceparent="00-1-2-01")
    [payload] = pack("one", rung)
    assert Unpacker("two").unpack(payload) == rung


def test_a_bell_of_a_release_without_traces_is_heard() -> None:
    payload = f'["bell","one","{HERE}",3]'
    assert Unpacker("two").unpack(payload) == make.bell(HERE, 3)


def test_two_senders_do_not_mix() -> None:
    one, two = make.delta(HERE, 0, "1" * 9_000), make.delta(HERE, 0, "2" * 9_000)
    both = zip(pack("one", one), pack("two", two), strict=True)
    unpacker = Unpacker("three")
    heard = [unpacker.unpack(payload) for pair in both for payload in pair]
    assert [signal for signal in heard if signal] == [one, two]


def test_an_alarm_crosses() -> None:
    [payload] = pack("one", Alarm())
    assert Unpacker("two").unpack(payload) == Alarm()
    assert Unpacker("one").unpack(payload) is None


def test_text_that_cannot_be_sent_is_not() -> None:
    assert pack("one", make.delta(HERE, 0, "a\ud800b")) == []
