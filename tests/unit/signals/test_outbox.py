"""What waits to be sent is bounded, in order, and never without the last bell."""

from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.signals.outbox import Outbox
from cortex_adapters.signals.wire import Alarm
from cortex_core.contract import make
from cortex_core.domain.events import Bell, Signal, TurnDelta

HERE, THERE = make.conversation_id(), make.conversation_id()
SIGNALS = st.lists(
    st.tuples(st.sampled_from([HERE, THERE]), st.booleans()), min_size=1, max_size=60
)


@given(kinds=SIGNALS, capacity=st.integers(4, 80))
def test_each_conversation_keeps_its_order_and_its_last_bell(
    kinds: list[tuple[str, bool]], capacity: int
) -> None:
    outbox = Outbox(capacity)
    sent: list[Signal] = []
    for number, (where, bell) in enumerate(kinds, start=1):
        here = HERE if where == HERE else THERE
        sent.append(make.bell(here, number) if bell else make.delta(here, number))
        outbox.put(sent[-1])
    taken = outbox.take(1_000)
    assert outbox.empty
    assert len(taken) <= capacity + 1
    if Alarm() in taken:
        taken = taken[1:]
        return
    for here in (HERE, THERE):
        mine = [signal for signal in sent if signal.conversation_id == here]
        got = [s for s in taken if not isinstance(s, Alarm) and s.conversation_id == here]
        assert [signal for signal in mine if signal in got] == got
        assert [s for s in mine if isinstance(s, Bell)][-1:] == [
            s for s in got if isinstance(s, Bell)
        ][-1:]
        if len(sent) <= capacity:
            assert [s for s in got if isinstance(s, TurnDelta)] == [
                s for s in mine if isinstance(s, TurnDelta)
            ]


def test_bells_that_stand_together_are_one() -> None:
    outbox = Outbox()
    for seq in (1, 3, 2):
        outbox.put(make.bell(HERE, seq))
        outbox.put(make.bell(THERE, seq))
    assert outbox.take(9) == [make.bell(HERE, 3), make.bell(THERE, 3)]


def test_a_bell_does_not_pass_a_delta() -> None:
    outbox = Outbox()
    signals: list[Signal] = [make.bell(HERE, 1), make.delta(HERE), make.bell(HERE, 2)]
    for signal in signals:
        outbox.put(signal)
    assert outbox.take(2) == signals[:2]
    outbox.put(make.bell(HERE, 3))
    assert outbox.take(2) == [make.bell(HERE, 3)]


def test_what_is_passing_goes_first_the_oldest_of_it() -> None:
    outbox = Outbox(100)
    outbox.put(make.bell(HERE, 7))
    for index in range(1_000):
        outbox.put(make.delta(HERE, index))
    taken = outbox.take(1_000)
    assert taken[0] == make.bell(HERE, 7)
    kept = [signal.index for signal in taken if isinstance(signal, TurnDelta)]
    assert kept == list(range(1_000 - len(kept), 1_000))
    assert 40 <= len(kept) <= 100


def test_where_bells_alone_are_too_many_an_alarm_stands_for_all() -> None:
    outbox = Outbox(10)
    for _ in range(11):
        outbox.put(make.bell(make.conversation_id()))
    outbox.put(make.bell(HERE))
    assert outbox.take(9) == [Alarm(), make.bell(HERE)]
    assert outbox.empty
