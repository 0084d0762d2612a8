"""Caps for single addresses where a proxy, or TLS, stands before HTTP."""

from data_plane.limits.per_address import ConnectionCaps, ConnectionGuard, PerAddress
from data_plane.networks import NetworkSet
from tests.fakes.front import GET, Open, until
from tests.fakes.secure_front import PROXY, PROXY_TLS, SecureFront, proxy_header

ONE = ConnectionCaps(PerAddress(1, 0.0, 0.0), NetworkSet())


async def guarded(opened: Open, front: SecureFront) -> tuple[SecureFront, list[str]]:
    """The front, and the addresses that it has refused."""
    refused: list[str] = []
    await opened(front)
    front.listener.guard = ConnectionGuard(lambda: ONE, refused.append)
    return front, refused


async def test_the_address_that_the_proxy_tells_is_capped(opened: Open) -> None:
    front, refused = await guarded(opened, SecureFront(PROXY))
    clients = [await front.connect() for _ in range(3)]
    for client, address in zip(clients, ("192.0.2.7", "192.0.2.7", "192.0.2.8"), strict=True):
        client.send(proxy_header(address) + GET)

        if client is clients[1]:
            assert await client.rest() in (b"", b"<reset>")
        else:
            assert (await client.answer()).startswith(b"HTTP/1.1 200 ")
    assert refused == ["192.0.2.7"]
    assert front.failures == {("accept", "address"): 1}


async def test_who_has_too_many_gets_no_handshake(opened: Open) -> None:
    front, refused = await guarded(opened, SecureFront(PROXY_TLS))
    assert front.listener.guard is not None and front.listener.guard.opened("another", "192.0.2.7")
    client = await front.connect()

    client.send(proxy_header("192.0.2.7") + b"\x16\x03\x01")

    assert await client.rest() in (b"", b"<reset>")
    assert refused == ["192.0.2.7"]
    await until(lambda: not front.listener.openings)
