"""Certificates for clients go from the API to the handshakes of every replica, sealed on the way, without a restart."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from control_plane.cli.errors import CliError
from tests.fakes.certificates import client_context, pair
from tests.fakes.fleet import Fleet, FleetReplica, document

BOUND_SECONDS = 1.0
GATEWAY = "/v1/tenants/platform/gateways/default"
SECRET = "/v1/tenants/platform/secrets/edge"
TLS = {"certificateRefs": [{"name": "edge"}]}
GET = b"GET /nowhere HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def secret(*names: str, key_of: str | None = None) -> dict[str, Any]:
    chain, key = pair(*names)
    if key_of is not None:
        key = pair(key_of)[1]
    return document("platform/Secret/edge", {"data": {"tls.crt": chain.decode(), "tls.key": key.decode()}})


@pytest.fixture
async def fleet_with_certificate(fleet: Fleet) -> AsyncIterator[Fleet]:
    await fleet.apply(secret("one.example"), document("platform/Gateway/default", {"tls": TLS}))
    yield fleet
    await fleet.apply(document("platform/Gateway/default"))
    await fleet.call("DELETE", SECRET)


async def connect(replica: FleetReplica) -> Streams:
    context = client_context()
    context.check_hostname = False
    return await asyncio.open_connection("127.0.0.1", replica.tls_port, ssl=context, server_hostname="one.example")


async def shown(replica: FleetReplica) -> str:
    """Whose certificate a client gets; empty if there is no handshake."""
    try:
        streams = await connect(replica)
    except (ssl.SSLError, ConnectionError):
        return ""
    names = streams[1].get_extra_info("ssl_object").getpeercert()["subjectAltName"]
    streams[1].transport.abort()
    return str(names[0][1])


async def test_a_new_certificate_is_shown_by_all_replicas_and_connections_stay(fleet_with_certificate: Fleet) -> None:
    fleet = fleet_with_certificate
    assert [await shown(replica) for replica in fleet.replicas] == ["one.example"] * len(fleet.replicas)
    streams = [await connect(replica) for replica in fleet.replicas]
    await fleet.call("PUT", SECRET, secret("two.example"))
    answered = time.monotonic()
    for replica in fleet.replicas:
        while await shown(replica) != "two.example":
            assert time.monotonic() - answered < BOUND_SECONDS
    for reader, writer in streams:
        writer.write(GET)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 404 ")
        writer.transport.abort()
    stored = await fleet.call("GET", SECRET)
    assert "BEGIN" not in str(stored)


async def test_what_does_not_fit_or_is_in_use_is_refused(fleet_with_certificate: Fleet) -> None:
    fleet = fleet_with_certificate
    with pytest.raises(CliError, match=r"tls\.key"):
        await fleet.call("PUT", SECRET, secret("one.example", key_of="two.example"))
    with pytest.raises(CliError, match="Gateway"):
        await fleet.call("DELETE", SECRET)
    with pytest.raises(CliError, match="certificateRefs"):
        missing = document("platform/Gateway/default", {"tls": {"certificateRefs": [{"name": "none"}]}})
        await fleet.call("PUT", GATEWAY, missing)
    assert await shown(fleet.replicas[0]) == "one.example"
