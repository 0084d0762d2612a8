"""Fields that reach clients, and heads that are known by their bytes."""

import pytest

from data_plane.upstream import response_head
from data_plane.upstream.pool import Pools
from data_plane.upstream.response_head import DROPPED_OF_PROVIDERS, DROPPED_OF_SERVICES, FieldNames, KnownHeads
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.upstream import ANSWER, OK, FakeReceiver, ScriptedUpstream, answer, receiver, says, service

HEAD = OK.removesuffix(ANSWER)
FIELDS = [(b"content-type", b"application/json")]


@pytest.mark.parametrize(
    "name",
    [b"Server", b"Set-Cookie", b"WWW-Authenticate", b"OpenAI-Organization", b"CF-RAY", b"x-powered-by", b"via"],
)
def test_what_tells_of_a_providers_account_is_kept_back(name: bytes) -> None:
    assert FieldNames(DROPPED_OF_PROVIDERS)[name] == b""
    assert FieldNames(DROPPED_OF_SERVICES)[name] == name.lower()


@pytest.mark.parametrize("drops", [DROPPED_OF_PROVIDERS, DROPPED_OF_SERVICES], ids=["provider", "Service"])
@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"X-Request-Id", b"x-request-id"),
        (b"retry-after", b"retry-after"),
        (b"ALT-SVC", b""),
        (b"Keep-Alive", b""),
        (b"X-Isthmus-Error", b""),
        (b"x_isthmus_error", b""),
        (b"Content-Length", None),
        (b"CONNECTION", None),
        (b"X-" + b"a" * 100, b"x-" + b"a" * 100),
    ],
)
def test_names_are_looked_up_as_they_were_sent(drops: frozenset[bytes], sent: bytes, name: bytes | None) -> None:
    names = FieldNames(drops)
    assert [names[sent], names[sent]] == [name, name]


def test_names_of_one_upstream_do_not_fill_the_memory() -> None:
    names = FieldNames(DROPPED_OF_SERVICES)
    for number in range(5000):
        assert names[b"X-%d" % number] == b"x-%d" % number
    assert len(names) <= response_head.MAX_NAMES
    assert names[b"X-" + b"y" * 10_000] and max(map(len, names)) < 100


def note(known: KnownHeads, head: bytes) -> None:
    known.note(head, 200, FIELDS, len(ANSWER))


def test_a_head_is_known_when_it_comes_again() -> None:
    known = KnownHeads()
    note(known, HEAD)
    assert not known.by_head
    note(known, HEAD)
    assert known.by_head == {HEAD: (200, FIELDS, b"content-type: application/json\r\n", len(ANSWER))}


def test_heads_that_never_come_again_are_not_looked_for() -> None:
    known = KnownHeads()
    note(known, HEAD)
    note(known, HEAD)
    for number in range(3 * response_head.MAX_HEADS):
        note(known, b"%d" % number)
    assert not known.by_head and known.pause == response_head.PAUSE


async def test_after_a_pause_heads_are_looked_for_again(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream()
    pool = pools.get(upstream.endpoint())
    known = pool.known
    known.pause = 3
    await ask(pools, upstream, 4)
    assert not known.by_head
    await ask(pools, upstream, 1)
    assert known.by_head


def test_heads_do_not_fill_the_memory() -> None:
    known = KnownHeads()
    for number in range(5000):
        note(known, b"%d" % number)
        note(known, b"%d" % number)
        note(known, b"x" * 3000)
        assert len(known.by_head) <= response_head.MAX_HEADS
    assert b"4999" in known.by_head and b"x" * 3000 not in known.by_head


async def ask(pools: Pools, upstream: ScriptedUpstream, times: int, method: str = "GET") -> list[FakeReceiver]:
    """The same request again and again, one after the other."""
    dispatcher = service(pools, upstream.endpoint())
    calls = [receiver(method) for _ in range(times)]
    for call in calls:
        dispatcher.send(call, streams_body=False)
        await call.end()
    return calls


async def test_answers_with_a_known_head_are_as_the_others(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream(says(answer(200, b"A: 1", b"Set-Cookie: x", b"Set-Cookie: y", body=b"hi")))
    calls = await ask(pools, upstream, 5)
    assert pools.get(upstream.endpoint()).known.by_head
    fields = [(b"a", b"1"), (b"set-cookie", b"x"), (b"set-cookie", b"y")]
    for call in calls:
        assert call.response is not None and (call.response.headers, call.response.length) == (fields, 2)
        assert (call.status, call.body, call.tries) == (200, b"hi", [("default/s", 200, "")])
        call.response.headers.clear()  # a client's own, which hooks may change
    assert [call.response.lines for call in calls if call.response] == [
        None,
        None,
        *[b"a: 1\r\nset-cookie: x\r\nset-cookie: y\r\n"] * 3,
    ]
    assert upstream.connections == 1


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(OK[:-1], id="cut short"),
        pytest.param(OK + b"x", id="one byte more"),
        pytest.param(OK + OK, id="two at once"),
        pytest.param(HEAD + b"x", id="another body, cut short"),
    ],
)
async def test_a_known_head_with_another_body_is_read_in_full(
    pools: Pools, open_upstream: OpenUpstream, last: bytes
) -> None:
    upstream = await open_upstream(says(OK, OK, OK, last))
    dispatcher = service(pools, upstream.endpoint())
    await ask(pools, upstream, 3)
    call = receiver()
    dispatcher.send(call, streams_body=False)
    if len(last) < len(OK):
        await call.began.wait()
        assert call.upstream is not None and not call.ended.is_set()
        call.upstream.abort()
    else:
        assert (await call.end()).body == ANSWER
    pool = pools.get(upstream.endpoint())
    assert (pool.idle, pool.busy) == (0, 0)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(OK.replace(b"HTTP/1.1", b"HTTP/1.0"), id="connection that closes"),
        pytest.param(b"HTTP/1.1 103 Early\r\n\r\n" + OK, id="after an interim response"),
        pytest.param(answer(500, body=b"no"), id="error"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", id="no body"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n", id="not modified"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", id="chunked"),
    ],
)
async def test_only_plain_heads_are_known(pools: Pools, open_upstream: OpenUpstream, said: bytes) -> None:
    upstream = await open_upstream(says(said))
    await ask(pools, upstream, 3)
    assert not pools.get(upstream.endpoint()).known.by_head


async def test_a_known_head_is_none_for_head(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream(says(OK, OK, OK, HEAD, OK))
    await ask(pools, upstream, 3)
    (head,) = await ask(pools, upstream, 1, "HEAD")
    assert (head.status, head.body) == (200, b"")
    (call,) = await ask(pools, upstream, 1)
    assert call.body == ANSWER and upstream.connections == 1
