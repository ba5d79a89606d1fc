"""What a `SearchRepository` must do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cortex_core.contract import make
from cortex_core.contract.search_corpus import CORPUS, SEARCHES
from cortex_core.contract.store import (
    Scene,
    StoreContract,
    same,
    stored_conversation,
    stored_guest,
    stored_member,
    stored_scene,
    stored_user,
)
from cortex_core.domain.errors import StorageReadOnlyError
from cortex_core.domain.models import Message, Role, User
from cortex_core.domain.search.query import parse
from cortex_core.domain.search.words import spaced, words
from cortex_core.domain.text import CONTENT_LENGTH
from cortex_core.ports import Hit, SearchPlace, Store


class SearchContract(StoreContract):
    """Messages by what they say."""

    async def test_each_query_finds_what_it_asks_for(self, store: Store) -> None:
        scene = await stored_scene(store)
        names = await _said(store, scene, CORPUS)
        found = {}
        for text in SEARCHES:
            hits = await _find(store, scene.owner, text)
            found[text] = {names[hit.message.id] for hit in hits}
        assert found == {text: set(named.split()) for text, named in SEARCHES.items()}

    async def test_hits_are_whole_messages_in_the_order_of_their_rank(self, store: Store) -> None:
        scene = await stored_scene(store)
        for content in CORPUS.values():
            await _add(store, make.message(scene.conversation, scene.owner, content))
        for text in ("cat", "cat OR dog", '"the cat" OR a', "the -dog", "\u4eac OR \u90fd"):
            query = parse(text)
            hits = await _find(store, scene.owner, text)
            for hit in hits:
                assert hit.rank == query.rank(spaced(words(hit.message.content)))
                async with store.begin(read_only=True) as work:
                    kept = await work.messages.get(scene.conversation.id, hit.message.id)
                assert same(hit.message, kept)
            places = [_place(hit) for hit in hits]
            assert places == sorted(places, reverse=True)
            assert len(set(places)) == len(places) > 1

    async def test_more_of_a_word_comes_first_and_then_what_is_newer(self, store: Store) -> None:
        scene = await stored_scene(store)
        long = "cat " + "filler " * 400
        placed = [
            await _add(store, make.message(scene.conversation, scene.owner, content))
            for content in ("a cat", "cat cat cat", long, "the cat", "cat " * 9)
        ]
        hits = await _find(store, scene.owner, "cat")
        order = [placed[n].id for n in (4, 1, 3, 0, 2)]
        assert [hit.message.id for hit in hits] == order

    @pytest.mark.parametrize("limit", [1, 2, 3, 200])
    async def test_hits_come_page_after_page(self, store: Store, limit: int) -> None:
        """Whatever is said meanwhile, what was there is found once."""
        scene = await stored_scene(store)
        for count in (1, 3, 2, 1, 3, 1, 2):
            await _add(store, make.message(scene.conversation, scene.owner, "cat " * count))
        expected = [hit.message.id for hit in await _find(store, scene.owner, "cat")]
        found: list[Hit] = []
        after = None
        while page := await _find(store, scene.owner, "cat", after=after, limit=limit):
            assert len(page) <= limit
            found += page
            assert len(found) <= len(expected), "a page begins after the one before it"
            after = _place(page[-1])
            await _add(store, make.message(scene.conversation, scene.owner, "the dog " * 30))
        assert [hit.message.id for hit in found] == expected

    async def test_members_and_guests_find_what_they_may_read(self, store: Store) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        beside = await stored_conversation(store, scene.workspace)
        inside = [
            await _add(store, make.message(talk, scene.owner, "the cat"))
            for talk in (scene.conversation, beside)
        ]
        theirs = await _add(store, make.message(other.conversation, other.owner, "their cat"))
        guest = await stored_guest(store, scene.conversation)
        readers = [scene.owner, *[await stored_member(store, scene.workspace, r) for r in Role]]
        for reader in readers:
            assert await _ids(store, reader, "cat") == {message.id for message in inside}
        assert await _ids(store, guest, "cat") == {inside[0].id}
        assert await _ids(store, other.owner, "cat") == {theirs.id}
        assert await _ids(store, await stored_user(store), "cat") == set()

    async def test_whoever_leaves_finds_nothing_more(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = await _add(store, make.message(scene.conversation, scene.owner, "the cat"))
        member = await stored_member(store, scene.workspace, Role.EDITOR)
        guest = await stored_guest(store, scene.conversation)
        for reader in (member, guest):
            assert await _ids(store, reader, "cat") == {note.id}
        async with store.begin() as work:
            await work.workspaces.remove_member(scene.workspace.id, member.id)
            await work.conversations.remove_participant(make.participant(scene.conversation, guest))
        for reader in (member, guest):
            assert await _ids(store, reader, "cat") == set()
            assert await _find(store, reader, "cat", after=(10**9, note.id)) == []

    async def test_what_is_deleted_is_not_found(self, store: Store) -> None:
        scene = await stored_scene(store)
        beside = await stored_conversation(store, scene.workspace)
        gone, kept = [
            await _add(store, make.message(talk, scene.owner, "the cat"))
            for talk in (scene.conversation, beside)
        ]
        assert await _ids(store, scene.owner, "cat") == {gone.id, kept.id}
        async with store.begin() as work:
            await work.conversations.delete(scene.conversation.id, version=None)
        assert await _ids(store, scene.owner, "cat") == {kept.id}
        again = await _add(store, make.message(beside, scene.owner, "dogs only"))
        assert await _ids(store, scene.owner, "cat") == {kept.id}
        assert await _ids(store, scene.owner, "dogs") == {again.id}

    async def test_what_is_posted_is_found(self, store: Store) -> None:
        scene = await stored_scene(store)
        notes = [make.message(scene.conversation, scene.owner, "the cat") for _ in range(2)]
        for note in notes:
            async with store.begin(single=True) as work:
                turn = make.turn(note) if note is notes[1] else None
                await work.messages.post(note, turn=turn, roles=frozenset(Role))
        assert await _ids(store, scene.owner, "cat") == {note.id for note in notes}

    async def test_what_is_undone_is_not_found(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(scene.conversation, scene.owner, "the cat")

        async def write() -> None:
            async with store.begin() as work:
                await work.messages.add(note)
                assert await work.search.find(scene.owner.id, parse("cat"), after=None, limit=9)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await write()
        assert await _find(store, scene.owner, "cat") == []

    async def test_the_longest_messages_are_found_by_every_part(self, store: Store) -> None:
        """More words than a tsvector has places for, and the same ones again and again."""
        scene = await stored_scene(store)
        plain = ("cat dog " * CONTENT_LENGTH)[: CONTENT_LENGTH - 12] + " the end day"
        unspaced = "\u6771\u4eac" * (CONTENT_LENGTH // 2 - 1) + "\u90fd\u6771"
        several = "".join(chr(0x4E00 + n % 20_000) for n in range(CONTENT_LENGTH))
        one = "x" * (CONTENT_LENGTH - 4) + " end"
        placed = [
            await _add(store, make.message(scene.conversation, scene.owner, content))
            for content in (plain, unspaced, several, one)
        ]
        for text, number in {
            '"the end day"': 0,
            '"dog cat dog" -mouse': 0,
            "\u4eac\u90fd\u6771": 1,
            several[-20:]: 2,
            several[5_000:5_030]: 2,
            f"{'x' * 300} end": 3,
        }.items():
            assert await _ids(store, scene.owner, text) == {placed[number].id}
        for text in ('"day end"', "\u90fd\u4eac", '"dog dog"', '"cat cat"'):
            assert await _ids(store, scene.owner, text) == set()

    @pytest.mark.parametrize(
        "text",
        ["\u6771" * 500, " ".join("abcdefghijklmnopqrstuvwxyz012345"), "a OR -b c OR " * 10 + "d"],
    )
    async def test_the_longest_queries_are_answered(self, store: Store, text: str) -> None:
        scene = await stored_scene(store)
        note = await _add(store, make.message(scene.conversation, scene.owner, text))
        assert note.id in await _ids(store, scene.owner, text)

    async def test_there_is_nothing_to_catch_up_with(self, store: Store) -> None:
        scene = await stored_scene(store)
        await _add(store, make.message(scene.conversation, scene.owner, "?!"))
        async with store.begin(single=True) as work:
            assert await work.search.catch_up(limit=9) == 0
        async with store.begin(read_only=True) as work:
            with pytest.raises(StorageReadOnlyError):
                await work.search.catch_up(limit=9)


async def _said(store: Store, scene: Scene, corpus: dict[str, str]) -> dict[str, str]:
    """Store each text as a message; return its name by the id of the message."""
    named = {}
    for name, content in corpus.items():
        note = await _add(store, make.message(scene.conversation, scene.owner, content))
        named[str(note.id)] = name
    return named


async def _add(store: Store, message: Message) -> Message:
    async with store.begin() as work:
        return await work.messages.add(message)


async def _find(
    store: Store, user: User, text: str, *, after: SearchPlace | None = None, limit: int = 99
) -> Sequence[Hit]:
    async with store.begin(read_only=True) as work:
        return list(await work.search.find(user.id, parse(text), after=after, limit=limit))


async def _ids(store: Store, user: User, text: str) -> set[str]:
    return {hit.message.id for hit in await _find(store, user, text)}


def _place(hit: Hit) -> SearchPlace:
    return hit.rank, hit.message.id
