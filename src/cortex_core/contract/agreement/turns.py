"""Rules for turns and the registry."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cortex_core.contract import make, strategies
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.models import Turn, TurnError, TurnStatus


class TurnRules(Agreement):
    """The queue of turns, and the registry."""

    @rule(worker=some.workers, now=some.seconds, lasts=some.seconds, limit=some.limits)
    def lease(self, worker: str, now: int, lasts: int, limit: int) -> None:
        self.write(
            lambda work: work.turns.lease(
                worker=worker, now=make.at(now), until=make.at(now + lasts), limit=limit
            )
        )

    @rule(asked=some.any_turn, worker=some.workers, attempts=some.attempts, until=some.seconds)
    def renew(self, asked: some.Asked, worker: str, attempts: int | None, until: int) -> None:
        turn = self._turn(asked, TurnStatus.RUNNING, attempts)
        self.write(lambda work: work.turns.renew(turn, worker=worker, until=make.at(until)))

    @rule(asked=some.any_turn, worker=some.workers, attempts=some.attempts, due=some.seconds)
    def release(self, asked: some.Asked, worker: str, attempts: int | None, due: int) -> None:
        turn = self._turn(asked, TurnStatus.QUEUED, attempts)
        self.write(lambda work: work.turns.release(turn, worker=worker, due=make.at(due)))

    @rule(
        asked=some.any_turn,
        worker=some.workers,
        attempts=some.attempts,
        error=st.none()
        | st.builds(TurnError, code=strategies.text(most=40), message=strategies.text()),
    )
    def finish(
        self, asked: some.Asked, worker: str, attempts: int | None, error: TurnError | None
    ) -> None:
        status = TurnStatus.FAILED if error else TurnStatus.COMPLETED
        turn = self._turn(asked, status, attempts, error)
        self.write(lambda work: work.turns.finish(turn, worker=worker))

    @rule(name=some.keys, value=strategies.text())
    def ensure_value(self, name: str, value: str) -> None:
        self.write(lambda work: work.registry.ensure(name, value))

    def _turn(
        self,
        asked: some.Asked,
        status: TurnStatus,
        attempts: int | None,
        error: TurnError | None = None,
    ) -> Turn:
        conversation_id, message_id, turn_id = asked
        if attempts is None:
            stored = self.read(lambda work: work.turns.get(turn_id))
            attempts = stored.attempts if isinstance(stored, Turn) else 1
        return Turn(
            id=turn_id,
            conversation_id=conversation_id,
            message_id=message_id,
            status=status,
            attempts=attempts,
            error=error,
            created_at=make.NOON,
            updated_at=make.at(attempts),
        )
