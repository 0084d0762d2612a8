"""Which of a client's fields reach an upstream."""

import pytest

from data_plane.exchange import HeadMemo
from data_plane.pipeline.sides import Dispatcher
from data_plane.upstream.cluster import Cluster, ServiceTarget
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools
from data_plane.upstream.request_head import MAX_REMEMBERED
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.upstream import FakeReceiver, ScriptedUpstream, receiver, service


async def sent(pools: Pools, open_upstream: OpenUpstream, call: FakeReceiver, **target: bytes) -> list[bytes]:
    """The lines of the head that a Service gets, without those that tell it of the client."""
    upstream = await open_upstream()
    cluster = Cluster("default/s", (upstream.endpoint(),), (1,), False)
    dispatcher = Dispatchers(pools).for_service(
        ServiceTarget("default/s", cluster, target.get("base_path", b""), target.get("host"))
    )
    dispatcher.send(call, streams_body=False)
    await call.end()
    lines: list[bytes] = upstream.heads[0].removesuffix(b"\r\n\r\n").split(b"\r\n")
    return [line for line in lines if not line.startswith(b"x-forwarded-")]


async def test_a_request_is_sent_on(pools: Pools, open_upstream: OpenUpstream) -> None:
    call = receiver("POST", "/x%20y?q=1&r", b"body", accept="text/html", cookie="a=b", accept_encoding="gzip")
    assert await sent(pools, open_upstream, call) == [
        b"POST /x%20y?q=1&r HTTP/1.1",
        b"host: client.example",
        b"accept: text/html",
        b"cookie: a=b",
        b"accept-encoding: gzip",
        b"content-length: 4",
        b"x-isthmus-request-id: id-1",
    ]


async def test_a_service_has_its_own_host_and_base_path(pools: Pools, open_upstream: OpenUpstream) -> None:
    lines = await sent(pools, open_upstream, receiver(), base_path=b"/api", host=b"service.example")
    assert lines[:2] == [b"GET /api/x HTTP/1.1", b"host: service.example"]


async def test_a_client_without_a_host_gets_the_endpoints(pools: Pools, open_upstream: OpenUpstream) -> None:
    call = receiver()
    del call.exchange.request.headers[b"host"]
    lines = await sent(pools, open_upstream, call)
    assert lines[1].startswith(b"host: 127.0.0.1:")


@pytest.mark.parametrize(("method", "line"), [("GET", []), ("DELETE", []), ("POST", [b"content-length: 0"])])
async def test_an_empty_body_has_a_length_only_where_one_is_expected(
    pools: Pools, open_upstream: OpenUpstream, method: str, line: list[bytes]
) -> None:
    lines = await sent(pools, open_upstream, receiver(method))
    assert [each for each in lines if each.startswith((b"content-length", b"transfer-encoding"))] == line


@pytest.mark.parametrize(
    "headers",
    [
        {"connection": "close"},
        {"connection": "keep-alive, x-gone, TE", "x-gone": "1", "te": "trailers"},
        {"connection": "X-Gone", "x-gone": "1"},
        {"keep-alive": "5"},
        {"proxy-connection": "keep-alive"},
        {"transfer-encoding": "chunked"},
        {"content-length": "5"},
        {"upgrade": "h2c", "connection": "upgrade, http2-settings", "http2-settings": "x"},
        {"expect": "100-continue"},
        {"trailer": "x"},
        {"authorization": "Bearer mine"},
        {"proxy-authorization": "Basic mine"},
        {"x-api-key": "mine"},
        {"api-key": "mine"},
        {"x-goog-api-key": "mine"},
        {"x-isthmus-tenant": "evil"},
        {"x_isthmus_tenant": "evil"},
        {"x-isthmus_tenant": "evil"},
        {"x_isthmus-tenant": "evil"},
        {"x-isthmus-request-id": "evil"},
    ],
    ids=lambda headers: next(iter(headers)) if len(headers) == 1 else str(headers),
)
async def test_what_is_not_for_the_upstream_stays_here(
    pools: Pools, open_upstream: OpenUpstream, headers: dict[str, str]
) -> None:
    call = receiver(**{"x-kept": "1"})
    call.exchange.request.headers.update({name.encode(): value.encode() for name, value in headers.items()})
    assert (await sent(pools, open_upstream, call))[2:] == [b"x-kept: 1", b"x-isthmus-request-id: id-1"]


async def test_connection_cannot_name_what_we_set(pools: Pools, open_upstream: OpenUpstream) -> None:
    call = receiver("POST", "/x", b"body", connection="host, content-length, x-isthmus-request-id, x-set")
    call.exchange.request_headers.append((b"x-set", b"1"))
    assert await sent(pools, open_upstream, call) == [
        b"POST /x HTTP/1.1",
        b"host: client.example",
        b"x-set: 1",
        b"content-length: 4",
        b"x-isthmus-request-id: id-1",
    ]


async def test_policies_set_and_remove_headers(pools: Pools, open_upstream: OpenUpstream) -> None:
    call = receiver(x_set="client", x_removed="client", x_kept="client")
    call.exchange.request_headers += [(b"x-set", b"outer"), (b"x-set", b"inner"), (b"x-new", b"1")]
    call.exchange.removed_headers = (b"x-removed", b"x-absent")
    lines = await sent(pools, open_upstream, call)
    assert lines[2:] == [b"x-kept: client", b"x-set: inner", b"x-new: 1", b"x-isthmus-request-id: id-1"]


# Heads that come again.


async def test_a_repeated_head_is_sent_as_a_new_one(pools: Pools, open_upstream: OpenUpstream) -> None:
    memo = HeadMemo()
    for number in range(3):
        call = receiver("POST", "/x?q=1", b"x" * number, accept="text/html", cookie="a=b")
        call.exchange.id = f"id-{number}"
        call.exchange.request.memo = memo
        assert await sent(pools, open_upstream, call, host=b"service.example") == [
            b"POST /x?q=1 HTTP/1.1",
            b"host: service.example",
            b"accept: text/html",
            b"cookie: a=b",
            b"content-length: %d" % number,
            b"x-isthmus-request-id: id-%d" % number,
        ]


async def ask_again(dispatcher: Dispatcher, memo: HeadMemo, upstream: ScriptedUpstream, **changes: object) -> bytes:
    """What a Service gets of a head that came before, after changes to the exchange or its request."""
    call = receiver("GET", "/x", x_kept="1")
    call.exchange.request.memo = memo
    for name, value in changes.items():
        setattr(call.exchange if hasattr(call.exchange, name) else call.exchange.request, name, value)
    dispatcher.send(call, streams_body=False)
    await call.end()
    return upstream.heads[-1]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param({"request_headers": [(b"x-set", b"1")]}, b"\r\nx-set: 1\r\n", id="set by policy"),
        pytest.param({"api_path": b"/y"}, b"GET /y HTTP/1.1\r\n", id="path rewritten"),
        pytest.param({"query": b"z=1"}, b"GET /x?z=1 HTTP/1.1\r\n", id="query rewritten"),
    ],
)
async def test_what_policies_change_is_never_that_of_another_request(
    pools: Pools, open_upstream: OpenUpstream, changes: dict[str, object], line: bytes
) -> None:
    upstream, memo = await open_upstream(), HeadMemo()
    dispatcher = service(pools, upstream.endpoint())
    for _ in range(2):
        plain = await ask_again(dispatcher, memo, upstream)
        assert line not in plain and b"\r\nx-kept: 1\r\n" in plain
        assert line in await ask_again(dispatcher, memo, upstream, **changes)
        assert b"x-kept" not in await ask_again(dispatcher, memo, upstream, removed_headers=(b"x-kept",))


async def test_each_service_has_its_own_words_for_a_head(pools: Pools, open_upstream: OpenUpstream) -> None:
    memo = HeadMemo()
    for host in (b"one.example", b"other.example"):
        call = receiver()
        call.exchange.request.memo = memo
        assert (await sent(pools, open_upstream, call, host=host))[1] == b"host: " + host


async def test_a_head_without_host_is_worded_for_each_endpoint(pools: Pools, open_upstream: OpenUpstream) -> None:
    memo, upstreams = HeadMemo(), [await open_upstream(), await open_upstream()]
    numbers = iter((0.0, 0.0, 0.9, 0.9))
    dispatcher = service(pools, *[each.endpoint() for each in upstreams], random=lambda: next(numbers))
    for each in upstreams:
        head = await ask_again(dispatcher, memo, each, headers={})
        assert head.split(b"\r\n")[1] == b"host: 127.0.0.1:%d" % each.port


async def test_what_is_set_anew_each_time_does_not_fill_the_memory(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream, memo = await open_upstream(), HeadMemo()
    dispatcher = service(pools, upstream.endpoint())
    for number in range(100):
        value = b"%d" % number
        head = await ask_again(dispatcher, memo, upstream, request_headers=[(b"x-set", value)])
        assert b"\r\nx-set: %b\r\n" % value in head
    assert len(memo.forwarded) <= MAX_REMEMBERED
