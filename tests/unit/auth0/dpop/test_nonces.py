"""Nonces that nobody keeps."""

from datetime import timedelta

from cortex_adapters.auth0.dpop.nonces import WINDOW, Nonces
from tests.unit.auth0.forge import SetClock


def test_all_processes_give_the_same_and_take_it_for_two_windows():
    clock = SetClock()
    one, two = Nonces(["s" * 32], clock=clock), Nonces(["s" * 32], clock=clock)
    nonce = one.current()
    assert two.current() == nonce
    clock.now += WINDOW
    assert one.current() != nonce
    assert two.takes(nonce)
    clock.now += WINDOW
    assert not two.takes(nonce)


def test_a_process_whose_clock_is_ahead_gives_one_that_is_taken():
    clock = SetClock()
    ahead = Nonces(["s" * 32], clock=SetClock(clock.now + WINDOW)).current()
    assert Nonces(["s" * 32], clock=clock).takes(ahead)
    later = Nonces(["s" * 32], clock=SetClock(clock.now + 2 * WINDOW)).current()
    assert not Nonces(["s" * 32], clock=clock).takes(later)


def test_secrets_rotate_and_a_stranger_has_none():
    clock = SetClock(SetClock().now + timedelta(seconds=1))
    old, new = Nonces(["o" * 32], clock=clock), Nonces(["n" * 32, "o" * 32], clock=clock)
    assert new.takes(old.current())
    assert new.takes(new.current())
    assert not old.takes(new.current())
