"""What a request may say in its path, its query and its headers."""

import pytest

from cortex_core.contract import make
from cortex_core.domain.paging import encode_cursor
from tests.unit.litestar.asgi import Client
from tests.unit.litestar.problems import pointers, problem
from tests.unit.services.scene import Scene

BAD_LIMITS = "0 -1 201 1e3 1.0 +1 %201 1%20 x %31x 1_0 0x1 %D9%A1 %EF%BC%91 true null [1] %00"


@pytest.mark.parametrize("limit", [*BAD_LIMITS.split(), "", "9" * 18, "9" * 40])
async def test_a_limit_that_is_none_is_refused(api: Client, limit: str) -> None:
    assert pointers(await api.get(f"/v1/workspaces?limit={limit}")) == ["/limit"]


@pytest.mark.parametrize("limit", ["1", "200", "01", "%31"])
async def test_a_limit_within_bounds_is_taken(api: Client, limit: str) -> None:
    assert (await api.get(f"/v1/workspaces?limit={limit}")).status == 200


async def test_what_is_not_known_is_named_and_what_is_repeated_is_refused(api: Client) -> None:
    answer = await api.get("/v1/workspaces?colour=1&limit=1&Limit=2&a%2Fb~c=3")
    assert pointers(answer) == ["/Limit", "/a~1b~0c", "/colour"]
    for query in ("limit=1&limit=1", "limit=1&cursor=a&cursor=b", "limit=1&limi%74=2"):
        assert pointers(await api.get(f"/v1/workspaces?{query}")) == [""]
    assert pointers(await api.get("/v1/workspaces?x=1&x=2")) == ["/x", ""]


@pytest.mark.parametrize(
    "query", ["limit=%ff", "%ff=1", "cursor=%c3%28", "cursor=\u00e9", "&".join(["a=1"] * 40)]
)
async def test_a_query_that_cannot_be_read_is_malformed(api: Client, query: str) -> None:
    problem(await api.get(f"/v1/workspaces?{query}"), 400, "malformed-request")


@pytest.mark.parametrize(
    "cursor", ["", "x", "AAAA", "%zz", "%00", "%20", "%F0%9F%92%A9", "a" * 5_000, "a=b", "=", "-_"]
)
async def test_fault_57_a_cursor_that_was_not_issued_is_no_cursor(
    api: Client, scene: Scene, cursor: str
) -> None:
    here = f"/v1/conversations/{scene.conversation.id}"
    for path in (
        "/v1/workspaces",
        "/v1/conversations",
        f"/v1/workspaces/{scene.workspace.id}/members",
        f"/v1/workspaces/{scene.workspace.id}/conversations",
        f"{here}/participants",
        f"{here}/messages",
    ):
        problem(await api.get(f"{path}?cursor={cursor}"), 400, "invalid-cursor")
    accept = ("accept", "application/json")
    problem(await api.get(f"{here}/events?cursor={cursor}", accept), 400, "invalid-cursor")


async def test_fault_57_a_cursor_with_one_character_changed_is_no_cursor(
    api: Client, scene: Scene
) -> None:
    for _ in range(3):
        await scene.say()
    path = f"/v1/conversations/{scene.conversation.id}/messages"
    cursor = (await api.get(f"{path}?limit=1")).json()["next_cursor"]
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        changed = cursor[:place] + other + cursor[place + 1 :]
        problem(await api.get(f"{path}?cursor={changed}"), 400, "invalid-cursor")
    for changed in (cursor[:-1], f"{cursor}A", f"{cursor}=", cursor.swapcase()):
        problem(await api.get(f"{path}?cursor={changed}"), 400, "invalid-cursor")
    assert (await api.get(f"{path}?cursor={cursor}")).status == 200


async def test_fault_57_a_cursor_that_was_forged_is_no_cursor(api: Client, scene: Scene) -> None:
    scope = f"conversations:{await scene.id_of(scene.editor)}"
    places: list[object] = [["2026-01-01T00:00:00", make.new_id()], [], {}, 10**400, "x"]
    for place in places:
        cursor = encode_cursor(scope, place)
        problem(await api.get(f"/v1/conversations?cursor={cursor}"), 400, "invalid-cursor")


NO_IDS = [
    "x",
    "0",
    make.new_id().upper(),
    make.new_id()[:-1],
    f"{make.new_id()}0",
    "%00",
    "%F0%9F%92%A9",
]
NO_IDS += [
    make.new_id().replace("-", ""),
    f"%7B{make.new_id()}%7D",
    f"{make.new_id()}%20",
    "..",
    "%2e",
]


@pytest.mark.parametrize("word", NO_IDS)
async def test_what_is_no_id_names_nothing(api: Client, scene: Scene, word: str) -> None:
    here = f"/v1/conversations/{scene.conversation.id}"
    place = f"/v1/workspaces/{scene.workspace.id}"
    for method, target, body in (
        ("GET", f"/v1/workspaces/{word}", b""),
        ("PATCH", f"/v1/workspaces/{word}", b"{}"),
        ("DELETE", f"/v1/conversations/{word}", b""),
        ("GET", f"{here}/messages/{word}", b""),
        ("PUT", f"{place}/members/{word}", b'{"role": "owner"}'),
        ("DELETE", f"{here}/participants/{word}", b""),
        ("POST", f"/v1/conversations/{word}/messages", b'{"content": "x"}'),
        ("GET", f"/v1/conversations/{word}/events", b""),
    ):
        headers = (("content-type", "application/json"),) if body else ()
        problem(await api.ask(method, target, headers, body), 404, "not-found")


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', 200),
        ("*", 200),
        (' "1" ', 200),
        ('"2"', 412),
        ('"0"', 412),
        ('"01"', 412),
        ('W/"1"', 412),
        ("1", 400),
        ("", 400),
        (",", 400),
        ("*, *", 400),
        ('*, "1"', 400),
        ('"1" "1"', 400),
        ('w/"1"', 400),
        ('"a b"', 400),
        ('"x"', 412),
        ('""', 412),
        ('"99999999999999999999"', 412),
        ('"1', 400),
        ('"\u00b9"', 412),
        ('"1", "2"', 400),
        ('"1","1"', 200),
        (', "x" ,,W/"2", "1" ,', 200),
        ('"x", W/"1"', 412),
        ('"x","2"', 412),
    ],
)
async def test_if_match_names_the_version_to_change(
    api: Client, scene: Scene, tag: str, status: int
) -> None:
    path = f"/v1/conversations/{scene.conversation.id}"
    answer = await api.patch(path, {"topic": "New"}, ("if-match", tag))
    if status == 200:
        assert (answer.status, answer.header("etag")) == (200, '"2"')
    else:
        problem(answer, status, {412: "stale-version", 400: "malformed-request"}[status])
        assert (await api.get(path)).header("etag") == '"1"'


async def test_what_is_no_tag_is_told_how_to_write_one(api: Client, scene: Scene) -> None:
    path = f"/v1/conversations/{scene.conversation.id}"
    answer = await api.patch(path, {"topic": "New"}, ("if-match", "1"))
    assert 'in quotes: "3"' in problem(answer, 400, "malformed-request")["detail"]


async def test_two_if_match_headers_are_one_list(api: Client, scene: Scene) -> None:
    path = f"/v1/workspaces/{scene.workspace.id}"
    owner = api.who("owner")
    for first, second in (('"1"', '"2"'), ('"1"', "*"), ('"1"', "1")):
        tags = ("if-match", first), ("if-match", second)
        problem(await owner.delete(path, *tags), 400, "malformed-request")
    tags = ("if-match", '"x"'), ("if-match", 'W/"1"')
    problem(await owner.delete(path, *tags), 412, "stale-version")
    tags = ("if-match", '"x"'), ("if-match", '"1"')
    assert (await owner.delete(path, *tags)).status == 204


async def test_a_stale_deletion_deletes_nothing(api: Client, scene: Scene) -> None:
    owner = api.who("owner")
    for path in (
        f"/v1/conversations/{scene.conversation.id}",
        f"/v1/workspaces/{scene.workspace.id}",
    ):
        problem(await owner.delete(path, ("if-match", '"7"')), 412, "stale-version")
        assert (await owner.get(path)).status == 200
        assert (await owner.delete(path, ("if-match", '"1"'))).status == 204
        problem(await owner.get(path), 404, "not-found")
        problem(await owner.delete(path, ("if-match", '"1"')), 404, "not-found")


async def test_what_is_made_says_where_it_is(api: Client, scene: Scene) -> None:
    made = await api.post("/v1/workspaces", {"name": "Study"})
    assert (made.status, made.header("etag")) == (201, '"1"')
    assert made.header("location") == f"/v1/workspaces/{made.json()['id']}"
    started = await api.post(f"{made.header('location')}/conversations", {"topic": "x"})
    posted = await api.post(f"{started.header('location')}/messages", {"content": "x"})
    for answer in (made, started, posted):
        assert (await api.get(answer.header("location") or "")).status == 200
