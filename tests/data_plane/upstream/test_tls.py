"""TLS towards upstreams, with certificates made for the test."""

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from data_plane.upstream.cluster import KeyPair, UpstreamTls
from data_plane.upstream.pool import Pools
from data_plane.upstream.tls import context_for
from tests.data_plane.upstream.conftest import OpenUpstream
from tests.fakes.upstream import ANSWER, OK, answer, receiver, says, service

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


# Client certificates.


def key_pair(authority: trustme.CA = AUTHORITY, name: str = "gateway.example") -> KeyPair:
    made = authority.issue_cert(name)
    return KeyPair(b"".join(each.bytes() for each in made.cert_chain_pems), made.private_key_pem.bytes())


def demanding(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same, for a server that wants a certificate of its clients."""
    context.verify_mode = ssl.CERT_REQUIRED
    AUTHORITY.configure_trust(context)
    return context


async def test_an_upstream_is_shown_our_certificate(pools: Pools, open_upstream: OpenUpstream) -> None:
    seen: list[object] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        seen.append(writer.get_extra_info("peercert")["subjectAltName"])
        writer.write(OK)

    upstream = await open_upstream(script, demanding(server_context()))
    call = receiver()
    service(pools, upstream.endpoint(replace(GOOD, client=key_pair()))).send(call, streams_body=False)
    assert (await call.end()).body == ANSWER
    assert seen == [(("DNS", "gateway.example"),)]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("client", [None, key_pair(trustme.CA())], ids=["none", "of another authority"])
async def test_an_upstream_may_refuse_our_certificate(
    pools: Pools, open_upstream: OpenUpstream, client: KeyPair | None, version: ssl.TLSVersion
) -> None:
    context = demanding(server_context())
    context.maximum_version = version
    upstream = await open_upstream(None, context)
    call = receiver()
    service(pools, upstream.endpoint(replace(GOOD, client=client))).send(call, streams_body=False)
    await call.end()
    assert call.error is not None and call.error.status == 502  # with TLS 1.3 the refusal comes after the handshake
    assert upstream.heads == [] and pools.get(upstream.endpoint(replace(GOOD, client=client))).busy == 0


def test_a_key_shows_in_no_repr() -> None:
    assert "PRIVATE" not in repr(replace(GOOD, client=key_pair())) and "BEGIN" not in repr(key_pair())


async def test_an_expired_certificate_ends_the_connect(pools: Pools, open_upstream: OpenUpstream) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(NAME, not_after=datetime(2020, 1, 1, tzinfo=UTC)).configure_cert(context)
    upstream = await open_upstream(None, context)
    call = receiver()
    service(pools, upstream.endpoint(GOOD)).send(call, streams_body=False)
    await call.end()
    assert call.error is not None and call.error.code == "upstream_unreachable"


# Sessions.


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_next_connection_takes_up_the_session(
    pools: Pools, open_upstream: OpenUpstream, version: ssl.TLSVersion
) -> None:
    resumed: list[bool] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        resumed.append(writer.get_extra_info("ssl_object").session_reused)
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") if b"/last" in head else OK)

    context = server_context()
    context.maximum_version = version
    upstream = await open_upstream(script, context)
    tls = replace(GOOD, ca_pem=GOOD.ca_pem + "\n")  # a context of this test's own
    dispatcher = service(pools, upstream.endpoint(tls))
    for path in ("/x", "/last", "/x", "/last"):
        call = receiver("GET", path)
        dispatcher.send(call, streams_body=False)
        assert (await call.end()).body == ANSWER
    assert resumed == [False, False, True, True] and upstream.connections == 2


async def test_a_session_is_of_no_use_to_another_name(pools: Pools, open_upstream: OpenUpstream) -> None:
    upstream = await open_upstream(None, server_context())
    errors = []
    for tls in (GOOD, replace(GOOD, server_name="other.example")):
        call = receiver()
        service(pools, upstream.endpoint(tls)).send(call, streams_body=False)
        errors.append((await call.end()).error is not None)
    assert errors == [False, True]


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
