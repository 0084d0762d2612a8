"""What single addresses may take up of a worker: requests by rate, connections by number. Bounded, whoever comes."""

from collections.abc import Callable
from dataclasses import dataclass

from data_plane.networks import NetworkSet, number_of

# Of addresses whose rate is remembered, in each of two halves. Measured over a million addresses: at most 7 MiB.
HALF = 32_768

NO_NETWORKS = NetworkSet()


@dataclass(frozen=True, slots=True)
class PerAddress:
    """The caps. 0: none. `interval` is the seconds from one request to the next, `tolerance` how far ahead of that.

    An address counts for its whole network of the prefix length.
    """

    connections: int
    interval: float
    tolerance: float
    ipv4_prefix: int = 32
    ipv6_prefix: int = 64
    exempt: NetworkSet = NO_NETWORKS

    def key(self, address: str) -> int | None:
        """What `address` is counted under; None: it has no caps."""
        version, number = number_of(address)
        if not version or (self.exempt and address in self.exempt):
            return None
        if version == 4:
            return number >> (32 - self.ipv4_prefix)
        return -1 - (number >> (128 - self.ipv6_prefix))  # below 0, where no IPv4 address is


class RequestRates:
    """When each key may ask again. Source: the generic cell rate algorithm, ITU-T I.371: one number a key.

    Keys are in two halves. When the young one is full, it becomes the old one, and what was old is forgotten: whoever
    asks is young, so only keys that were idle while 32,768 others came begin anew.
    """

    __slots__ = ("_old", "_young")

    def __init__(self) -> None:
        self._young: dict[int, float] = {}
        self._old: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def take(self, key: int, now: float, caps: PerAddress) -> float:
        """Count a request; or the seconds until one is admitted again, above 0."""
        young = self._young
        due = young.get(key)
        if due is None:
            due = self._old.get(key, 0.0)
            if len(young) >= HALF:
                self._old = young
                young = self._young = {}
        wait = due - caps.tolerance - now
        young[key] = due if wait > 0.0 else max(due, now) + caps.interval
        return max(wait, 0.0)


class ConnectionCounts:
    """How many connections each key has. As bounded as the connections are."""

    __slots__ = ("_counts", "_keys")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._keys: dict[object, int] = {}  # by connection: caps may change while it is open

    def has_room(self, key: int, limit: int) -> bool:
        """Whether there may be one more."""
        return self._counts.get(key, 0) < limit

    def open(self, connection: object, key: int, limit: int) -> bool:
        """Count the connection. False: it is one too many, and not counted."""
        if not self.has_room(key, limit):
            return False
        self._counts[key] = self._counts.get(key, 0) + 1
        self._keys[connection] = key
        return True

    def close(self, connection: object) -> None:
        """The connection is gone, whether it was counted or not."""
        key = self._keys.pop(connection, None)
        if key is None:
            return
        if self._counts[key] == 1:
            del self._counts[key]
        else:
            self._counts[key] -= 1


@dataclass(frozen=True, slots=True)
class ConnectionCaps:
    """What a listener asks of the configuration in force. The connections of `trusted` proxies are not counted."""

    caps: PerAddress
    trusted: NetworkSet


class ConnectionGuard:
    """Refuses connections of addresses that have too many.

    `caps` gives what is in force, None if nothing is; `refused` is told the address.
    """

    def __init__(self, caps: Callable[[], ConnectionCaps | None], refused: Callable[[str], None]) -> None:
        self._caps = caps
        self._refused = refused
        self._counts = ConnectionCounts()

    def admits(self, address: str) -> bool:
        """Whether the address may have another connection; none is counted."""
        return self._judge(address, self._counts.has_room)

    def opened(self, connection: object, address: str) -> bool:
        """Whether the connection, which is counted, may stay."""
        return self._judge(address, lambda key, limit: self._counts.open(connection, key, limit))

    def closed(self, connection: object) -> None:
        self._counts.close(connection)

    def _judge(self, address: str, admits: Callable[[int, int], bool]) -> bool:
        found = self._caps()
        if found is None or address in found.trusted:
            return True
        key = found.caps.key(address)
        if key is None or admits(key, found.caps.connections):
            return True
        self._refused(address)
        return False
