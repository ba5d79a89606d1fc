"""Nobody waits for a provider that does not answer, and it is tried again when that is due."""

import pytest

from cortex_adapters.auth0.sign_on.breaker import LONGEST, TRIES, Breaker
from cortex_core.domain.errors import IdentityUnavailableError


class Circuit:
    def __init__(self) -> None:
        self.now = 100.0
        self.tries = 0
        self.breaker = Breaker(clock=lambda: self.now, jitter=lambda: 0.0)

    def fail(self) -> None:
        with pytest.raises(IdentityUnavailableError):
            self._try(IdentityUnavailableError())

    def succeed(self) -> None:
        self._try()

    def _try(self, error: Exception | None = None) -> None:
        with self.breaker.trying():
            self.tries += 1
            if error is not None:
                raise error


@pytest.fixture
def circuit() -> Circuit:
    return Circuit()


def test_it_is_closed_until_so_many_failures_in_a_row(circuit: Circuit) -> None:
    for _ in range(TRIES - 1):
        circuit.fail()
    circuit.succeed()
    for _ in range(TRIES):
        circuit.fail()
    assert circuit.tries == 2 * TRIES
    circuit.fail()
    assert circuit.tries == 2 * TRIES, "open: nobody tried"


def test_who_is_turned_away_is_told_when_to_come_back(circuit: Circuit) -> None:
    for _ in range(TRIES):
        circuit.fail()
    with pytest.raises(IdentityUnavailableError) as refused, circuit.breaker.trying():
        pass
    assert refused.value.retry_after == 4  # 1, 2, 4 .. seconds


def test_one_tries_when_it_is_due_and_the_others_do_not(circuit: Circuit) -> None:
    for _ in range(TRIES):
        circuit.fail()
    circuit.now += 5
    with circuit.breaker.trying(), pytest.raises(IdentityUnavailableError):
        circuit.succeed()
    circuit.succeed()
    circuit.succeed()


def test_who_gives_up_leaves_the_try_to_the_next(circuit: Circuit) -> None:
    for _ in range(TRIES):
        circuit.fail()
    circuit.now += 5
    with pytest.raises(KeyboardInterrupt), circuit.breaker.trying():
        raise KeyboardInterrupt
    circuit.succeed()


def test_the_time_between_two_tries_grows_up_to_a_limit(circuit: Circuit) -> None:
    for _ in range(20):
        circuit.now += LONGEST
        circuit.fail()
    assert circuit.tries == 20
    circuit.now += LONGEST - 1
    circuit.fail()
    assert circuit.tries == 20
    circuit.now += 1
    circuit.succeed()
