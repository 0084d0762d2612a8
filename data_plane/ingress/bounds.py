"""How long clients may take, how much they may send, and how much of a worker they may take up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a listener takes from a client. Chosen by us; nginx: 32 KiB in 4 buffers of 8 KiB, no count.

    The last three are for chunked bodies, whose framing is read in Python: many and tiny chunks cost time.
    """

    head_bytes: int = 32 * 1024
    line_bytes: int = 20 * 1024  # of one header field
    header_count: int = 100
    target_bytes: int = 8 * 1024
    body_bytes: int = 20 * 1024 * 1024
    chunk_count: int = 64 * 1024  # of one body: 50 a second for 20 minutes
    extension_bytes: int = 4 * 1024  # of all chunks of one body
    trailer_bytes: int = 8 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a client may take, in seconds. nginx: 75, 60, 60, 60, 5; Kestrel: 240 bytes a second after 5 s.

    Deadlines are looked at once a second, so each may come up to two seconds late.
    """

    idle: float = 73.0
    head: float = 13.0
    body_gap: float = 28.0
    body_grace: float = 10.0  # after which the body must have come with so many bytes a second, on average
    body_bytes_per_second: int = 240
    write_stall: float = 28.0
    lingering: float = 1.0
    drain_idle: float = 2.0  # an idle connection may get its next request in the moment in which we close it


MAX_CONNECTIONS = 16_384
MAX_EXCHANGES = 5_000
OWN_DESCRIPTORS = 48  # of a worker itself, and for connections that are being refused


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one worker takes at the same time; beyond it clients hear 503."""

    connections: int = MAX_CONNECTIONS
    exchanges: int = MAX_EXCHANGES
    held_bytes: int = 256 * 1024 * 1024  # of request bodies, each until its exchange has ended

    @classmethod
    def within(cls, descriptors: int) -> "Capacity":
        """As much as so many file descriptors allow: beyond, a client would wait in the kernel and hear nothing."""
        towards_upstreams = min(MAX_EXCHANGES, descriptors // 4)
        return cls(connections=max(1, min(MAX_CONNECTIONS, descriptors - OWN_DESCRIPTORS - towards_upstreams)))
