"""What connections need of their listener, and of their transport."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from data_plane.deadlines import Deadlines
from data_plane.exchange import Exchange, Peer, Request
from data_plane.ingress.bounds import Capacity, Limits, Timeouts
from data_plane.ingress.departed import Departed
from data_plane.ingress.head_table import HeadTable
from data_plane.ingress.refusals import Refusals
from data_plane.pipeline.plan import Plan

if TYPE_CHECKING:
    from data_plane.ingress.connection import Connection


class Snapshots(Protocol):
    """Who knows the configuration."""

    def begin(self, request: Request, now: float) -> tuple[Exchange, Plan]:
        """An exchange for a request whose head is there, and the plan with which it begins."""


class Host(Protocol):
    """Who accepts connections: a listener."""

    snapshots: Snapshots
    deadlines: Deadlines
    limits: Limits
    timeouts: Timeouts
    capacity: Capacity
    heads: HeadTable
    refusals: Refusals
    draining: bool
    exchanges: int
    held_bytes: int
    departed: set[Departed]

    def opened(self, connection: "Connection") -> bool:
        """The connection is there. False: it is one too many."""

    def closed(self, connection: "Connection") -> None:
        """The connection is gone."""

    def is_over(self, departed: Departed) -> None:
        """Nothing more is read for a client that has gone."""


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """Who has connected."""
    name = transport.get_extra_info("peername")
    address = name[0] if isinstance(name, tuple) else ""  # a Unix socket has no address
    return Peer(address.removeprefix("::ffff:"))  # IPv4, at a socket for both
