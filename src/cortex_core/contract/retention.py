"""What a `RetentionRepository` must do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cortex_core.contract import make
from cortex_core.contract.store import Scene, StoreContract, stored_conversation, stored_scene
from cortex_core.contract.turns import lease, queued
from cortex_core.domain.errors import LeaseLostError, NotFoundError
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Horizon, Pruned, Store


class RetentionContract(StoreContract):
    """What is old goes from the beginning of a conversation, and the log says where it begins."""

    async def test_nothing_goes_where_everything_is_kept(self, store: Store) -> None:
        scene = await _told(store, "me" * 5)
        assert await _pruned(store, scene, Horizon()) == Pruned()
        assert await _pruned(store, scene, _horizon(messages=0, events=0)) == Pruned()
        assert await _log(store, scene) == (1, list(range(1, 11)))

    async def test_old_messages_go_and_the_log_begins_after_them(self, store: Store) -> None:
        scene = await _told(store, "meem" + "me")
        assert await _pruned(store, scene, _horizon(messages=4)) == Pruned(
            messages=2, events=2, places=4
        )
        assert await _log(store, scene) == (5, [5, 6])
        assert await _messages(store, scene) == [5]

    async def test_old_events_go_and_messages_before_the_log_stay(self, store: Store) -> None:
        scene = await _told(store, "mmem" + "em")
        assert await _pruned(store, scene, _horizon(events=4)) == Pruned(events=1, places=4)
        assert await _log(store, scene) == (5, [5, 6])
        assert await _messages(store, scene) == [1, 2, 4, 6]

    async def test_each_has_a_horizon_of_its_own(self, store: Store) -> None:
        scene = await _told(store, "memememe")
        horizon = _horizon(messages=2, events=5)
        assert await _pruned(store, scene, horizon) == Pruned(messages=1, events=2, places=5)
        assert await _log(store, scene) == (6, [6, 7, 8])
        assert await _messages(store, scene) == [3, 5, 7]
        assert await _pruned(store, scene, horizon) == Pruned()

    async def test_what_is_as_old_as_the_horizon_stays(self, store: Store) -> None:
        scene = await _told(store, "me")
        assert await _pruned(store, scene, _horizon(messages=0, events=0)) == Pruned()

    @pytest.mark.parametrize("limit", [1, 2, 3])
    async def test_a_few_go_at_a_time(self, store: Store, limit: int) -> None:
        scene = await _told(store, "meemmeeme" + "m")
        horizon = _horizon(messages=9, events=9)
        gone = [await _prune(store, scene, horizon, limit=limit)]
        assert 0 < gone[0].messages + gone[0].events <= 2 * limit
        while gone[-1]:
            gone.append(await _prune(store, scene, horizon, limit=limit))
            first, places = await _log(store, scene)
            assert places == list(range(first, 11))
        assert (sum(each.messages for each in gone), sum(each.events for each in gone)) == (4, 5)
        assert sum(each.places for each in gone) == 9

    async def test_all_may_go_and_places_go_on(self, store: Store) -> None:
        scene = await _told(store, "mem")
        await _pruned(store, scene, _horizon(messages=9, events=9))
        assert await _log(store, scene) == (4, [])
        assert await _messages(store, scene) == []
        async with store.begin() as work:
            posted = await work.messages.add(make.message(scene.conversation, scene.owner))
        assert posted.seq == 4
        assert await _log(store, scene) == (4, [4])
        async with store.begin(read_only=True) as work:
            assert [
                each.seq for each in await work.events.since(scene.conversation.id, seq=2, limit=9)
            ] == [4]

    async def test_a_turn_goes_with_its_message(self, store: Store) -> None:
        scene = await stored_scene(store)
        turn = await queued(store, scene)
        kept = await queued(store, await stored_scene(store))
        assert await _pruned(store, scene, _horizon(messages=1))
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.turns.get(turn.id)
            assert await work.turns.get(kept.id) == kept
        assert [each.id for each in await lease(store, "one", now=9)] == [kept.id]

    async def test_an_answer_under_way_to_what_is_gone_has_lost_its_lease(
        self, store: Store
    ) -> None:
        scene = await stored_scene(store)
        await queued(store, scene)
        [taken] = await lease(store, "one", now=1)
        assert await _pruned(store, scene, _horizon(messages=1))
        with pytest.raises(LeaseLostError):
            async with store.begin() as work:
                await work.turns.finish(taken, worker="one")

    async def test_other_conversations_keep_what_they_have(self, store: Store) -> None:
        scene, other = await _told(store, "me"), await _told(store, "me")
        await _pruned(store, scene, _horizon(messages=9, events=9))
        assert await _log(store, other) == (1, [1, 2])
        assert await _messages(store, other) == [1]

    async def test_a_conversation_that_is_not_there_has_nothing_to_take(self, store: Store) -> None:
        async with store.begin() as work:
            pruned = await work.retention.prune(
                make.conversation_id(), _horizon(messages=9), limit=9
            )
            assert pruned == Pruned()
            assert await work.events.first(make.conversation_id()) == 1

    @pytest.mark.parametrize(
        ("told", "horizon", "due"),
        [
            ("", {"messages": 9, "events": 9}, False),
            ("me", {}, False),
            ("me", {"messages": 0, "events": 0}, False),
            ("me", {"messages": 1}, True),
            ("em", {"messages": 1}, False),
            ("em", {"messages": 2}, True),
            ("me", {"events": 1}, True),
            ("em", {"events": 1}, True),
        ],
    )
    async def test_a_look_tells_where_something_is_old(
        self, store: Store, told: str, horizon: dict[str, float], due: bool
    ) -> None:
        scene = await _told(store, told)
        assert (scene.conversation.id in await _due(store, _horizon(**horizon))) is due

    async def test_nothing_is_due_any_more_where_it_is_gone(self, store: Store) -> None:
        scene = await _told(store, "memem")
        for horizon in (_horizon(events=3), _horizon(messages=4)):
            assert await _due(store, horizon) == [scene.conversation.id]
            await _pruned(store, scene, horizon)
            assert await _due(store, horizon) == []

    async def test_a_look_goes_through_all_conversations_by_id(self, store: Store) -> None:
        scene = await _told(store, "m")
        others = [await stored_conversation(store, scene.workspace) for _ in range(4)]
        ids = sorted([scene.conversation.id, *(each.id for each in others)])
        seen: list[ConversationId | None] = [None]
        for _ in range(3):
            async with store.begin(read_only=True, single=True) as work:
                look = await work.retention.look(seen[-1], _horizon(messages=9), limit=2)
            seen.append(look.last)
        assert seen == [None, ids[1], ids[3], None]


async def _told(store: Store, what: str) -> Scene:
    """Store a scene in which each letter is a message or another event, a second after the last."""
    scene = await stored_scene(store)
    async with store.begin() as work:
        for second, letter in enumerate(what):
            at = make.at(second)
            if letter == "m":
                note = make.message(scene.conversation, scene.owner, created_at=at)
                await work.messages.add(note)
            else:
                await work.events.append(make.event(scene.conversation, scene.owner, at=at))
    return scene


def _horizon(*, messages: float | None = None, events: float | None = None) -> Horizon:
    return Horizon(
        messages=None if messages is None else make.at(messages),
        events=None if events is None else make.at(events),
    )


async def _prune(store: Store, scene: Scene, horizon: Horizon, *, limit: int) -> Pruned:
    async with store.begin(single=True) as work:
        return await work.retention.prune(scene.conversation.id, horizon, limit=limit)


async def _pruned(store: Store, scene: Scene, horizon: Horizon) -> Pruned:
    return await _prune(store, scene, horizon, limit=99)


async def _due(store: Store, horizon: Horizon) -> Sequence[ConversationId]:
    async with store.begin(read_only=True, single=True) as work:
        look = await work.retention.look(None, horizon, limit=99)
    assert look.last is None
    return look.due


async def _log(store: Store, scene: Scene) -> tuple[int, Sequence[int]]:
    """Return where the log begins, and the places in it."""
    async with store.begin(read_only=True) as work:
        first = await work.events.first(scene.conversation.id)
        found = await work.events.since(scene.conversation.id, seq=0, limit=99)
        return first, [each.seq for each in found]


async def _messages(store: Store, scene: Scene) -> Sequence[int]:
    async with store.begin(read_only=True) as work:
        up = await work.messages.in_conversation(scene.conversation.id, after=None, limit=99)
        down = await work.messages.in_conversation(
            scene.conversation.id, after=None, limit=99, order="desc"
        )
    assert [each.seq for each in down] == [each.seq for each in up][::-1]
    return [each.seq for each in up]
