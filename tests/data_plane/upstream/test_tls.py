"""TLS towards upstreams, with certificates made for the test."""

import asyncio
import ssl
from dataclasses import replace

import pytest
import trustme

from data_plane.upstream.cluster import UpstreamTls
from data_plane.upstream.pool import Pools
from data_plane.upstream.tls import context_for
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.upstream import ANSWER, answer, receiver, says, service

AUTHORITY = trustme.CA()
NAME = "models.example"
MEBIBYTE = b"x" * (1 << 20)


def pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


def server_context(name: str = NAME) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(name).configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


GOOD = UpstreamTls(NAME, pem(AUTHORITY))


async def test_an_upstream_with_the_right_certificate_is_spoken_to(pools: Pools, open_upstream: OpenUpstream) -> None:
    context = server_context()
    asked_for: list[str | None] = []

    def remember(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        asked_for.append(name)

    context.sni_callback = remember
    negotiated: list[str | None] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        negotiated.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await says(answer(200, body=MEBIBYTE))(reader, writer, head)

    upstream = await open_upstream(script, context)
    endpoint = upstream.endpoint(GOOD)
    dispatcher = service(pools, endpoint)
    for _ in range(2):
        call = receiver("POST", "/x", MEBIBYTE)
        dispatcher.send(call, streams_body=False)
        await call.end()
        assert (call.status, call.body) == (200, MEBIBYTE)
    assert upstream.connections == 1
    assert (asked_for, negotiated) == ([NAME], ["http/1.1", "http/1.1"])


@pytest.mark.parametrize(
    ("tls", "server_name"),
    [
        pytest.param(GOOD, "other.example", id="a certificate for another name"),
        pytest.param(replace(GOOD, ca_pem=pem(trustme.CA())), NAME, id="another authority"),
        pytest.param(replace(GOOD, ca_pem=""), NAME, id="an authority that the system does not know"),
    ],
)
async def test_a_certificate_that_proves_nothing_ends_the_connect(
    pools: Pools, open_upstream: OpenUpstream, tls: UpstreamTls, server_name: str
) -> None:
    upstream = await open_upstream(None, server_context(server_name))
    endpoint = upstream.endpoint(tls)
    call = receiver()
    service(pools, endpoint).send(call, streams_body=False)
    await call.end()
    assert call.error is not None and call.error.code == "upstream_unreachable"
    assert upstream.heads == []


async def test_an_upstream_may_be_left_unverified(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream(None, server_context("other.example"))
    endpoint = upstream.endpoint(UpstreamTls(NAME, verify=False))
    call = receiver()
    service(pools, endpoint).send(call, streams_body=False)
    assert (await call.end()).body == ANSWER


async def test_a_dropped_handshake_leaves_nothing_behind(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream(None, server_context())
    endpoint = upstream.endpoint(GOOD)
    dispatcher = service(pools, endpoint)
    for turns in range(8):
        call = receiver()
        dispatcher.send(call, streams_body=False)
        for _ in range(turns):
            await asyncio.sleep(0)
        if call.upstream is not None:
            call.upstream.abort()
    call = receiver()
    dispatcher.send(call, streams_body=False)
    assert (await call.end()).body == ANSWER
    assert pools.get(upstream.endpoint(GOOD)).busy == 0


def test_contexts_are_shared_by_those_with_the_same_roots() -> None:
    assert context_for(GOOD) is context_for(replace(GOOD, server_name="other.example"))
    assert context_for(GOOD) is not context_for(replace(GOOD, verify=False))


def test_old_versions_of_tls_are_not_spoken() -> None:
    assert context_for(GOOD).minimum_version is ssl.TLSVersion.TLSv1_2
