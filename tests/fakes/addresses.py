"""Gateways that tell clients by address."""

from typing import Any

from data_plane.exchange import Peer, Request
from tests.fakes.gateway import Answer, Gateway, basic, resource, route

OFFICE, HOME, PROXY = "192.0.2.1", "198.51.100.1", "10.0.0.1"


def shop() -> dict[str, bytes]:
    """`basic`, with a Service that takes anybody."""
    return basic() | dict(
        [
            resource("Service", "shop", {"endpoints": [{"host": "127.0.0.1", "port": 80}]}),
            route(
                "shop",
                serviceRef={"name": "shop"},
                matches=[{"path": {"value": "/shop"}}],
                authentication={"methods": ["Anonymous"]},
            ),
        ]
    )


def edge(**spec: Any) -> tuple[str, bytes]:
    return resource("Gateway", "edge", spec)


def policy(name: str, kind: str, target: str, *, tenant: str = "default", **spec: Any) -> tuple[str, bytes]:
    return resource("AddressPolicy", name, {"targetRefs": [{"kind": kind, "name": target}], **spec}, tenant=tenant)


def ask(gateway: Gateway, asked: Request, address: str) -> Answer:
    asked.peer = Peer(address)
    return gateway.ask(asked)


TRUSTING = edge(clientAddress={"trustedProxies": ["10.0.0.0/8"]})
