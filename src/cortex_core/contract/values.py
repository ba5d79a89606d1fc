"""What a store must give back unchanged: everything that the domain allows."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cortex_core.contract import make, strategies
from cortex_core.contract.edges import CONTENT, METADATA, TIMES
from cortex_core.contract.store import (
    StoreContract,
    same,
    stored_conversation,
    stored_scene,
    stored_user,
    stored_workspace,
)
from cortex_core.contract.turns import lease, queued, stored_turn
from cortex_core.domain.events import ConversationUpdated, MessageCreated
from cortex_core.domain.models import TurnError, TurnStatus
from cortex_core.domain.policy import WRITERS
from cortex_core.ports import Store

some_examples = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class ValuesContract(StoreContract):
    """Values come back equal, and equal to the byte when they become JSON."""

    @pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA.keys())
    async def test_metadata_comes_back(self, store: Store, metadata: dict[str, object]) -> None:
        await _assert_metadata_comes_back(store, metadata)

    @some_examples
    @given(metadata=strategies.raw_metadata())
    async def test_any_metadata_comes_back(self, store: Store, metadata: dict[str, object]) -> None:
        await _assert_metadata_comes_back(store, metadata)

    @pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT.keys())
    async def test_content_comes_back(self, store: Store, content: str) -> None:
        await _assert_text_comes_back(store, content)

    @some_examples
    @given(content=strategies.contents())
    async def test_any_content_comes_back(self, store: Store, content: str) -> None:
        await _assert_text_comes_back(store, content)

    @some_examples
    @given(
        issuer=strategies.identities(),
        subject=strategies.identities(),
        name=strategies.text(most=200),
        email=st.none() | strategies.text(most=255),
    )
    async def test_any_identity_comes_back_and_is_found_again(
        self, store: Store, issuer: str, subject: str, name: str, email: str | None
    ) -> None:
        user = make.user(issuer=issuer, subject=subject, name=name, email=email)
        known = await stored_user(store, user)
        again = await stored_user(store, make.user(issuer=issuer, subject=subject))
        assert same(again, known)
        assert (known.issuer, known.subject) == (issuer, subject)
        if known.id == user.id:
            assert same(known, user)

    @pytest.mark.parametrize("character", ["x", "\xe9", "\uffff", "\N{PILE OF POO}", "\U0010ffff"])
    async def test_the_longest_identities_are_told_apart(
        self, store: Store, character: str
    ) -> None:
        """255 characters each, of any size, that differ in the last one only."""
        long = character * 254
        users = [make.user(issuer=long + one, subject=long + two) for one in "ab" for two in "ab"]
        for user in users:
            assert same(await stored_user(store, user), user)
        for user in users:
            again = await stored_user(store, make.user(issuer=user.issuer, subject=user.subject))
            assert same(again, user)

    async def test_issuer_and_subject_do_not_run_together(self, store: Store) -> None:
        pairs = [("a", "bc"), ("ab", "c"), ("bc", "a"), ("a|b", "c"), ("a", "b|c"), ("a/", "/c")]
        users = [make.user(issuer=issuer, subject=subject) for issuer, subject in pairs]
        for user in users:
            assert same(await stored_user(store, user), user)

    @some_examples
    @given(names=strategies.spelled_twice(), description=strategies.text(most=500))
    async def test_any_name_comes_back_and_may_be_spelled_anew(
        self, store: Store, names: tuple[str, str], description: str
    ) -> None:
        name, other = names
        ada = await stored_user(store)
        lab = make.workspace(name, description=description)
        await stored_workspace(store, ada, lab)
        spelled = replace(lab, name=other, version=2)
        async with store.begin() as work:
            assert same(list(await work.workspaces.of_user(ada.id, after=None, limit=9)), [lab])
            await work.workspaces.update(spelled, version=1)
            assert same(list(await work.workspaces.of_user(ada.id, after=None, limit=9)), [spelled])

    @pytest.mark.parametrize(
        "character", ["\N{PILE OF POO}", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"]
    )
    async def test_the_longest_names_are_stored(self, store: Store, character: str) -> None:
        """Also those whose keys are many times longer."""
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace(character * 100))
        async with store.begin(read_only=True) as work:
            assert same(list(await work.workspaces.of_user(ada.id, after=None, limit=9)), [lab])

    @pytest.mark.parametrize("moment", TIMES, ids=datetime.isoformat)
    async def test_times_come_back_to_the_microsecond(self, store: Store, moment: datetime) -> None:
        await _assert_times_come_back(store, moment)

    @some_examples
    @given(moment=strategies.moments())
    async def test_any_time_comes_back_to_the_microsecond(
        self, store: Store, moment: datetime
    ) -> None:
        await _assert_times_come_back(store, moment)

    async def test_what_is_stored_does_not_change_with_what_was_given(self, store: Store) -> None:
        """Nor with what was given back: metadata are copies."""
        given_list: list[object] = [1]
        ada = make.user(metadata={"list": given_list})
        expected = make.user(subject=ada.subject, metadata={"list": [1]})
        await stored_user(store, ada)
        given_list.append(2)
        for _ in range(2):
            async with store.begin(read_only=True) as work:
                found = await work.users.get(ada.id)
            assert same(found, replace(expected, id=ada.id))
            found.metadata["more"] = 1
            inner = found.metadata["list"]
            assert isinstance(inner, list)
            inner.append(3)

    @some_examples
    @given(code=strategies.text(most=40), message=strategies.text(most=500))
    async def test_any_reason_of_a_failure_comes_back(
        self, store: Store, code: str, message: str
    ) -> None:
        turn = await queued(store, await stored_scene(store))
        taken = await lease(store, "one", now=1)
        failed = replace(
            taken[-1], status=TurnStatus.FAILED, error=TurnError(code=code, message=message)
        )
        async with store.begin() as work:
            await work.turns.finish(failed, worker="one")
        assert same(await stored_turn(store, turn), failed)


async def _assert_metadata_comes_back(store: Store, metadata: dict[str, object]) -> None:
    """In each place that metadata can be."""
    user = await stored_user(store, make.user(metadata=metadata))
    workspace = make.workspace(metadata=metadata)
    conversation = make.conversation(workspace, metadata=metadata)
    message = make.message(conversation, user, metadata=metadata)
    event = make.event(
        conversation,
        user,
        ConversationUpdated(topic="-", metadata=conversation.metadata, version=2),
    )
    await stored_workspace(store, user, workspace)
    await stored_conversation(store, workspace, conversation)
    async with store.begin() as work:
        placed = await work.messages.add(message)
        recorded = await work.events.append(event)
    async with store.begin(read_only=True) as work:
        assert same(await work.users.get(user.id), user)
        access = await work.workspaces.access(user.id, workspace.id)
        assert access is not None
        assert same(access.workspace, workspace)
        assert same(
            await work.conversations.get(conversation.id), replace(conversation, last_seq=2)
        )
        assert same(await work.messages.get(conversation.id, message.id), placed)
        log = await work.events.since(conversation.id, seq=0, limit=9)
    assert same(placed, replace(message, seq=1))
    assert same(log[0].data, MessageCreated(message=placed))
    assert same(log[1], recorded)
    assert same(recorded.data, event.data)


async def _assert_text_comes_back(store: Store, content: str) -> None:
    scene = await stored_scene(store)
    conversation = make.conversation(scene.workspace, topic=(content.strip() or "x")[:200])
    await stored_conversation(store, scene.workspace, conversation)
    message = make.message(conversation, scene.owner, content)
    async with store.begin() as work:
        placed = await work.messages.add(message)
    async with store.begin(read_only=True) as work:
        assert same(await work.messages.get(conversation.id, message.id), placed)
        found = await work.conversations.get(conversation.id)
        log = await work.events.since(conversation.id, seq=0, limit=9)
    assert placed.content == content
    assert found.topic == conversation.topic
    assert same(log[0].data, MessageCreated(message=placed))


async def _assert_times_come_back(store: Store, moment: datetime) -> None:
    user = await stored_user(store, make.user(created_at=moment))
    workspace = make.workspace(created_at=moment)
    await stored_workspace(store, user, workspace)
    conversation = make.conversation(workspace, created_at=moment)
    await stored_conversation(store, workspace, conversation)
    message = make.message(conversation, user, created_at=moment)
    turn = make.turn(message)
    async with store.begin() as work:
        placed = await work.messages.post(message, turn=turn, roles=WRITERS)
        recorded = await work.events.append(make.event(conversation, user, at=moment))
    async with store.begin(read_only=True) as work:
        assert same(await work.users.get(user.id), user)
        assert same(list(await work.workspaces.of_user(user.id, after=None, limit=9)), [workspace])
        found = await work.conversations.of_user(user.id, after=None, limit=9)
        assert same(list(found), [replace(conversation, last_seq=2)])
        assert same(await work.messages.get(conversation.id, message.id), placed)
        assert same(await work.turns.get(turn.id), turn)
        log = await work.events.since(conversation.id, seq=0, limit=9)
    assert same(placed, replace(message, seq=1))
    assert same(recorded, log[1])
    assert [event.at for event in log] == [moment, moment]
