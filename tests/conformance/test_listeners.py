"""The clients' cases once more, over TLS and behind a proxy: they read requests as a plain listener does."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.case import CLOSED, Case
from tests.conformance.client import Client
from tests.conformance.recorder import Recorder
from tests.conformance.test_client_side import CASES, GROUPS, PROBE, play
from tests.conformance.tls_client import TlsClient
from tests.fakes.certificates import client_context, pair
from tests.fakes.ports import lasting_ports
from tests.fakes.replica import Replica, configuration, resource
from tests.fakes.secure_front import proxy_header

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "gateway.example"
CONTEXT = client_context()
AT_A_TIME = 400
ALL = [case for cases in GROUPS.values() for case in cases]
SECURE, PROXIED = "https://127.0.0.1:{}", "127.0.0.1:{}?proxy=v2&trusted=127.0.0.0/8"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def listening(running_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replica]:
    """A replica with a listener for TLS and one for proxies."""
    secure_port, proxied_port = lasting_ports(2)
    flags = ("--listen", SECURE.format(secure_port), "--listen", PROXIED.format(proxied_port))
    replica = Replica(tmp_path_factory.mktemp("listening"), workers=1, flags=flags)
    chain, key = pair(NAME)
    secret = resource("Secret", "edge", {"data": {"tls.crt": chain.decode(), "tls.key": key.decode()}}, "platform")
    others = [
        each
        for each in configuration({"recorder": f"http://127.0.0.1:{running_recorder.port}"})
        if each["kind"] != "Gateway"
    ]
    gateway = resource("Gateway", "default", {"tls": {"certificateRefs": [{"name": "edge"}]}}, "platform")
    replica.write_config([secret, gateway, *others])
    async with replica:
        yield replica


def is_refused(case: Case) -> bool:
    return case.ends is CLOSED and case.answers[-1] != {200}


def port_of(replica: Replica, place: int) -> int:
    return int(replica.listeners[place].partition("?")[0].rpartition(":")[2])


async def secure(replica: Replica) -> Client:
    return await TlsClient.connect_tls(port_of(replica, 1), CONTEXT, NAME)


async def proxied(replica: Replica) -> Client:
    client = await Client.connect(port_of(replica, 2))
    await client.send([proxy_header()])
    return client


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ALL if not is_refused(case)])
async def test_a_case_ends_over_tls_as_it_must(case: Case, listening: Replica, recorder: Recorder) -> None:
    await play(case, "random segments", lambda: secure(listening), recorder)
    assert {tuple(each.head.values(b"x-forwarded-proto")) for each in recorder.requests} <= {(b"https",)}


async def test_what_is_refused_is_refused_over_tls(listening: Replica, recorder: Recorder) -> None:
    """Many at a time: TLS has no half-closed connections, so each lingers for a second."""
    refused = [case for case in ALL if is_refused(case) and not case.seen]
    for start in range(0, len(refused), AT_A_TIME):
        batch = refused[start : start + AT_A_TIME]
        await asyncio.gather(*[play(case, "random segments", lambda: secure(listening), recorder) for case in batch])
    assert recorder.told == []


@pytest.mark.parametrize("case", CASES)
async def test_a_case_ends_behind_a_proxy_as_it_must(case: Case, listening: Replica, recorder: Recorder) -> None:
    await play(case, "random segments", lambda: proxied(listening), recorder)
    assert {tuple(each.head.values(b"x-forwarded-for")) for each in recorder.requests} <= {(b"192.0.2.7",)}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(proxy_header() * 2 + PROBE, id="two headers"),
        pytest.param(PROBE + proxy_header(), id="a request first"),
        pytest.param(b"PROXY TCP4 6.6.6.6 1.1.1.1 1 2\r\n" + PROBE, id="version 1"),
        pytest.param(proxy_header()[:-1] + PROBE, id="a header without its last byte"),
        pytest.param(proxy_header(command=0x31) + PROBE, id="version 3"),
        pytest.param(proxy_header(command=0x2F) + PROBE, id="an unknown command"),
    ],
)
async def test_a_proxy_that_speaks_wrongly_reaches_nobody(data: bytes, listening: Replica, recorder: Recorder) -> None:
    client = await Client.connect(port_of(listening, 2))
    await client.send([data])
    answer = await client.answer()
    assert answer is None or 400 <= answer.status < 500
    await client.leave()
    assert recorder.requests == []
