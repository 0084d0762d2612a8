"""What upstreams are told of the client: by us, and never by itself."""

from dataclasses import replace

import pytest

from data_plane.exchange import HeadMemo, Peer
from data_plane.identity.client_address import PROXY_FIELDS
from data_plane.upstream.pool import Pools
from data_plane.upstream.request_head import NOT_FORWARDED_TO_PROVIDERS
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.upstream import FakeReceiver, receiver, service

PEER = Peer("192.0.2.1", "https")
OURS = [
    b"x-forwarded-for: 192.0.2.1",
    b"x-forwarded-proto: https",
    b"x-forwarded-host: client.example",
]


def call_of(peer: Peer = PEER, **headers: str) -> FakeReceiver:
    call = receiver(**headers)
    call.exchange.request.peer = peer
    return call


async def told(pools: Pools, open_upstream: OpenUpstream, call: FakeReceiver) -> list[bytes]:
    """The lines of the head that a Service gets, between its host and the request's id."""
    upstream = await open_upstream()
    service(pools, upstream.endpoint()).send(call, streams_body=False)
    await call.end()
    lines: list[bytes] = upstream.heads[0].removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert lines[1].startswith(b"host: ") and lines[-1].startswith(b"x-isthmus-request-id: ")
    return lines[2:-1]


async def test_a_service_is_told_of_the_peer(pools: Pools, open_upstream: OpenUpstream) -> None:
    assert await told(pools, open_upstream, call_of()) == OURS


@pytest.mark.parametrize("name", sorted(PROXY_FIELDS))
async def test_what_only_proxies_set_is_not_taken_from_clients(
    pools: Pools, open_upstream: OpenUpstream, name: bytes
) -> None:
    call = call_of()
    call.exchange.request.headers[name] = b"evil"

    assert await told(pools, open_upstream, call) == OURS
    assert name in NOT_FORWARDED_TO_PROVIDERS


async def test_connection_cannot_take_it_away(pools: Pools, open_upstream: OpenUpstream) -> None:
    call = call_of(connection="close, x-forwarded-for, x-forwarded-proto")

    assert await told(pools, open_upstream, call) == OURS


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(b"forwarded: for=198.51.100.1\r\n", [b"forwarded: for=198.51.100.1"]), (b"", [])],
    ids=["other words", "nothing"],
)
async def test_a_gateway_chooses_what_services_are_told(
    pools: Pools, open_upstream: OpenUpstream, lines: bytes, expected: list[bytes]
) -> None:
    call = call_of()
    call.exchange.forwarded = lines

    assert await told(pools, open_upstream, call) == expected


async def test_a_peer_without_address_has_none(pools: Pools, open_upstream: OpenUpstream) -> None:
    assert await told(pools, open_upstream, call_of(replace(PEER, address=""))) == OURS[1:]


async def test_clients_that_send_one_head_are_told_apart(pools: Pools, open_upstream: OpenUpstream) -> None:
    memo = HeadMemo()
    for number in range(3):
        call = call_of(Peer(f"192.0.2.{number}"))
        call.exchange.request.memo = memo
        assert (await told(pools, open_upstream, call))[0] == b"x-forwarded-for: 192.0.2.%d" % number
