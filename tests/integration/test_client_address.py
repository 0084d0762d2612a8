"""Clients told apart by address, on real sockets through a real worker. Each `127.0.0.N` is a client of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.model_server import ModelServer, model_server
from tests.fakes.replica import Replica, api_key, configuration, resource

PROXY, STRANGER, OTHER = "127.0.0.2", "127.0.0.3", "127.0.0.4"
CLIENT = "192.0.2.1"
FORGED = {"X-Forwarded-For": CLIENT, "X_Forwarded_For": CLIENT, "X-Forwarded-Proto": "https", "X-Real-IP": CLIENT}
AUTHORIZED = {"authorization": f"Bearer {api_key()}"}
CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
TRUSTING = {"clientAddress": {"trustedProxies": [f"{PROXY}/32"]}}

Client = Callable[[str], aiohttp.ClientSession]


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("alpha") as server:
        yield server


@pytest.fixture
async def replica(upstream: ModelServer, tmp_path: Path) -> AsyncIterator[Replica]:
    replica = Replica(tmp_path, workers=1)
    replica.write_config(documents(upstream))
    async with replica:
        yield replica


@pytest.fixture
async def client(replica: Replica) -> AsyncIterator[Client]:
    """A session with kept connections from an address of this machine."""
    async with AsyncExitStack() as stack:
        sessions: dict[str, aiohttp.ClientSession] = {}

        def session(address: str) -> aiohttp.ClientSession:
            if address not in sessions:
                connector = aiohttp.TCPConnector(local_addr=(address, 0), limit=1)
                sessions[address] = aiohttp.ClientSession(
                    replica.url, connector=connector, timeout=aiohttp.ClientTimeout(20)
                )
                stack.push_async_callback(sessions[address].close)
            return sessions[address]

        yield session


def documents(
    upstream: ModelServer, gateway: Mapping[str, Any] | None = None, more: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    found = configuration({"alpha": upstream.url})
    for each in found:
        if each["kind"] == "Gateway":
            each["spec"] = dict(gateway or {})
    return [*found, *more]


async def change(replica: Replica, revision: int, configured: list[dict[str, Any]]) -> None:
    replica.write_config(configured)
    await replica.wait_for(lambda status: status["revision"] == revision)


def policy(target: str, name: str, tenant: str = "default", **spec: Any) -> dict[str, Any]:
    return resource("AddressPolicy", "p", {"targetRefs": [{"kind": target, "name": name}], **spec}, tenant)


async def told(upstream: ModelServer, session: aiohttp.ClientSession) -> dict[str, str]:
    """What the Service hears of a client that forges what it can."""
    async with session.get("/rest/x", headers=FORGED) as answer:
        assert answer.status == 200
    return {
        name: value
        for name, value in upstream.seen[-1].headers.items()
        if "forwarded" in name or name.endswith(("-ip", "_for"))
    }


async def status_of(session: aiohttp.ClientSession, path: str = "/rest/x", **headers: str) -> tuple[int, str]:
    async with session.get(path, headers=headers) as answer:
        return answer.status, answer.headers.get("x-isthmus-error", "")


async def until(condition: Callable[[], Any]) -> None:
    """Wait until an answer is as it should be: a worker follows its agent within moments."""
    async with asyncio.timeout(10.0):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_trust_begins_and_ends_with_the_configuration(
    replica: Replica, upstream: ModelServer, client: Client
) -> None:
    host = replica.url.removeprefix("http://")
    peer_alone = {"x-forwarded-for": PROXY, "x-forwarded-proto": "http", "x-forwarded-host": host}
    believed = {"x-forwarded-for": f"{CLIENT}, {PROXY}", "x-forwarded-proto": "https", "x-forwarded-host": host}
    assert await told(upstream, client(PROXY)) == peer_alone

    await change(replica, 2, documents(upstream, TRUSTING))

    async def is_believed() -> bool:
        return await told(upstream, client(PROXY)) == believed

    await until(is_believed)
    assert await told(upstream, client(STRANGER)) == {**peer_alone, "x-forwarded-for": STRANGER}

    await change(replica, 3, documents(upstream))

    async def is_alone() -> bool:
        return await told(upstream, client(PROXY)) == peer_alone

    await until(is_alone)
    await replica.until(lambda: len(replica.records()) >= len(upstream.seen))
    assert {record["client_ip"] for record in replica.records()} == {PROXY, STRANGER, CLIENT}


async def test_providers_hear_nothing_of_clients(replica: Replica, upstream: ModelServer, client: Client) -> None:
    await change(replica, 2, documents(upstream, TRUSTING))

    async with client(PROXY).post("/v1/chat/completions", json=CHAT, headers={**AUTHORIZED, **FORGED}) as answer:
        assert answer.status == 200

    assert CLIENT not in repr(upstream.seen[-1].headers)
    assert not any("forwarded" in name for name in upstream.seen[-1].headers)


CHAINS = [
    b"," * 7_000,
    b"unknown",
    b'"',
    b"\xff\xfe",
    b"9" * 7_000,
    b"[",
    b"::ffff:" * 99,
    b"a=b;" * 999,
    b"127.0.0.1," * 700,
]


@pytest.mark.parametrize("header", [b"X-Forwarded-For", b"Forwarded", b"X-Real-IP"])
async def test_no_chain_makes_a_request_fail(replica: Replica, upstream: ModelServer, header: bytes) -> None:
    believed = header.decode().replace("-", "").replace("IP", "Ip")
    spec = {"clientAddress": {"trustedProxies": ["127.0.0.0/8"], "header": believed, "forward": "Both"}}
    await change(replica, 2, documents(upstream, spec))
    for chain in CHAINS:
        async with AsyncExitStack() as stack:
            assert (await raw(replica, stack, PROXY, header + b": " + chain))[9:12] == b"200"
    assert {seen.headers["x-forwarded-for"] for seen in upstream.seen} <= {
        PROXY,
        ", ".join(["127.0.0.1"] * 32 + [PROXY]),
    }


async def test_addresses_are_refused_before_authentication_and_admitted_again(
    replica: Replica, upstream: ModelServer, client: Client
) -> None:
    denied = policy("Gateway", "default", "platform", deny=[f"{STRANGER}/32"])
    await change(replica, 2, documents(upstream, TRUSTING, [denied]))

    async def is_refused() -> bool:
        return await status_of(client(STRANGER)) == (403, "address_not_allowed")

    await until(is_refused)
    assert await status_of(client(STRANGER), "/v1/models") == (403, "address_not_allowed")
    assert await status_of(client(STRANGER), "/nowhere") == (403, "address_not_allowed")
    assert await status_of(client(OTHER)) == (200, "")
    assert await status_of(client(PROXY), **{"x-forwarded-for": STRANGER}) == (403, "address_not_allowed")
    seen = len(upstream.seen)
    async with client(STRANGER).post("/v1/chat/completions", data=b"x" * 100_000, expect100=True) as answer:
        assert (answer.status, answer.headers["x-isthmus-error-origin"]) == (403, "client")
        assert STRANGER not in await answer.text()
    assert len(upstream.seen) == seen

    async def is_counted() -> bool:
        return await replica.metric("isthmus_address_refused_total") >= 5

    await until(is_counted)
    assert replica.log().count("refused by address reason=policy") == 1

    await change(replica, 3, documents(upstream, TRUSTING))

    async def is_admitted() -> bool:
        return await status_of(client(STRANGER)) == (200, "")

    await until(is_admitted)


async def test_a_key_is_of_use_from_its_networks_only(replica: Replica, upstream: ModelServer, client: Client) -> None:
    await change(replica, 2, documents(upstream, {}, [policy("Credential", "tester", allow=[OTHER])]))

    async def is_refused() -> bool:
        return await ask_model(client(STRANGER)) == (403, "address_not_allowed")

    await until(is_refused)
    assert await status_of(client(STRANGER), "/v1/models", **AUTHORIZED) == (403, "address_not_allowed")
    assert await ask_model(client(OTHER)) == (200, "")
    assert await status_of(client(OTHER), "/v1/models", **AUTHORIZED) == (200, "")


async def ask_model(session: aiohttp.ClientSession) -> tuple[int, str]:
    async with session.post("/v1/chat/completions", json=CHAT, headers=AUTHORIZED) as answer:
        return answer.status, answer.headers.get("x-isthmus-error", "")


async def test_one_address_has_so_many_connections(replica: Replica, upstream: ModelServer, client: Client) -> None:
    await change(replica, 2, documents(upstream, {**TRUSTING, "perAddress": {"connections": 2}}))

    async def is_capped() -> bool:
        async with AsyncExitStack() as stack:
            answers = [await raw(replica, stack, STRANGER) for _ in range(3)]
            head = answers[2].lower()
            return answers[0][9:12] == answers[1][9:12] == b"200" and (
                head[9:12] == b"503" and b"\r\nretry-after: 1\r\n" in head and b"\r\nconnection: close\r\n" in head
            )

    await until(is_capped)
    async with AsyncExitStack() as stack:
        assert [(await raw(replica, stack, PROXY))[9:12] for _ in range(5)] == [b"200"] * 5  # trusted: not counted
        assert (await raw(replica, stack, OTHER))[9:12] == b"200"

    async def are_free_again() -> bool:
        async with AsyncExitStack() as stack:
            return [(await raw(replica, stack, STRANGER))[9:12] for _ in range(2)] == [b"200"] * 2

    await until(are_free_again)


async def raw(replica: Replica, stack: AsyncExitStack, address: str, field: bytes = b"x-a: b") -> bytes:
    """The head of an answer on a new connection, which stays open until the stack is left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", replica.port, local_addr=(address, 0))
    stack.callback(writer.close)
    writer.write(b"GET /rest/x HTTP/1.1\r\nhost: a\r\n%b\r\n\r\n" % field)
    async with asyncio.timeout(10.0):
        return await reader.readuntil(b"\r\n\r\n")


async def test_one_address_may_ask_so_often(replica: Replica, upstream: ModelServer, client: Client) -> None:
    await change(replica, 2, documents(upstream, {"perAddress": {"requestsPerSecond": 1, "burst": 3}}))

    async def is_capped() -> bool:
        return await status_of(client(STRANGER)) == (429, "rate_limited")

    await until(is_capped)
    async with client(STRANGER).get("/nowhere") as answer:
        assert answer.status == 429
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["x-isthmus-error-origin"] == "gateway"
    assert await status_of(client(OTHER)) == (200, "")
