"""Keeps a stream to one of the control planes open, and has what it brings applied."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import grpc
import grpc.aio

from data_plane.agent.renewal import Connection, NoLongerTrusted, Renewal
from data_plane.agent.tls_files import TlsFiles
from data_plane.config.certificate import CertificateError
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import ResourceSet
from data_plane.config.subscriber import (
    Action,
    Apply,
    ConfigUpdate,
    ProtocolError,
    Refused,
    Send,
    Subscriber,
)

STREAM = "/isthmus.discovery.v1.ConfigDiscovery/Stream"
CALL_SECONDS = 10.0  # for the control plane's first answer, and to put a message on the stream
STABLE_SECONDS = 10.0  # a stream that lasted so long makes the next wait short again
FIRST_WAIT_SECONDS = 0.2
MAX_WAIT_SECONDS = 15.0
POLL_SECONDS = 5.0  # how often the certificate files are looked at
ApplyUpdate = Callable[[ConfigUpdate], Awaitable[Sequence[Rejection]]]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class DiscoveryCounters:
    """What happened since the start."""

    connects: int = 0
    failures: int = 0
    accepted: int = 0
    rejected: int = 0
    refused_epochs: int = 0
    protocol_errors: int = 0
    renewals: int = 0  # streams that went on over a connection with a new certificate


class Discovery:
    """Runs the subscriber against `targets` (`host:port`), one at a time, for as long as `run` is not cancelled.

    `apply` decides on each update: no rejections means that it is in force. `on_accepted` is told afterwards.
    `poll_seconds` may be set before: within which new certificates are noticed.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        targets: Sequence[str],
        tls: TlsFiles,
        *,
        apply: ApplyUpdate,
        on_accepted: Callable[[ResourceSet], None],
        uniform: Callable[[float, float], float],
    ) -> None:
        self._subscriber = subscriber
        self._targets = tuple(targets)
        self.tls = tls
        self.poll_seconds = POLL_SECONDS
        self._apply = apply
        self._on_accepted = on_accepted
        self._uniform = uniform
        self._tries = 0  # since the last stable stream
        self._next = int(uniform(0, len(self._targets))) % len(self._targets)  # replicas spread over control planes
        self.counters = DiscoveryCounters()
        self.connected_to: str | None = None
        self.connected_since = 0.0  # on the monotonic clock

    @property
    def is_current(self) -> bool:
        """Whether a control plane is connected whose store is the one that is served: what it has comes, or is here."""
        return self.connected_to is not None and not self._subscriber.has_refused

    def start_from(self, resources: ResourceSet) -> None:
        """What is served already; not while it runs."""
        self._subscriber.resources = resources

    async def run(self) -> None:
        """For ever. What `apply` raises ends it: the replica's state is then unknown."""
        connection: Connection | None = None  # one that is there already
        while True:
            target = self._targets[self._next % len(self._targets)]
            started = time.monotonic()
            try:
                connection = await self._stream(connection or Connection.to(target, self.tls.get()))
                if connection is not None:
                    self.counters.renewals += 1
                    continue
                reason = "the control plane ended the stream"
            except grpc.aio.AioRpcError as error:
                reason = f"{error.code().name}: {error.details()}"
            except ProtocolError as error:
                self.counters.protocol_errors += 1
                reason = str(error)
            except (TimeoutError, OSError, asyncio.InvalidStateError, CertificateError, NoLongerTrusted) as error:
                reason = str(error) or "no answer in time"
            finally:
                self.connected_to = None
            connection = None
            if time.monotonic() - started > STABLE_SECONDS:
                self._tries = 0
            self.counters.failures += 1
            self._next += 1
            wait_seconds = self._wait_seconds()
            logger.warning("discovery_lost target=%s retry_seconds=%.2f reason=%r", target, wait_seconds, reason)
            await asyncio.sleep(wait_seconds)

    def _wait_seconds(self) -> float:
        """Full jitter: replicas that lost the same control plane must not return at once."""
        longest = min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(self._tries, 16))
        self._tries += 1
        return self._uniform(0, longest)

    async def _stream(self, connection: Connection) -> Connection | None:
        """Until the stream ends. Returns a connection with new certificates, if that is why."""
        target = connection.target
        async with connection.channel as channel, Renewal(self.tls, connection, self.poll_seconds) as renewal:
            call: grpc.aio.StreamStreamCall[bytes, bytes] = channel.stream_stream(STREAM)()
            await self._send(call, self._subscriber.connect())
            async with asyncio.timeout(CALL_SECONDS):
                message = await call.read()
            self.counters.connects += 1
            while isinstance(message, bytes):
                await self._act(call, target, self._subscriber.receive(message))
                message = await renewal.wait_for(call.read())  # the keepalive is its deadline
            if successor := renewal.take():
                logger.info("discovery_renewed target=%s", target)
                return successor
            if (code := await call.code()) is not grpc.StatusCode.OK:
                raise ProtocolError(f"{code.name}: {await call.details()}")
        return None

    async def _act(self, call: "grpc.aio.StreamStreamCall[bytes, bytes]", target: str, action: Action | None) -> None:
        if self.connected_to is None:
            self.connected_to = target
            self.connected_since = time.monotonic()
            logger.info("discovery_connected target=%s", target)
        match action:
            case Send(message):
                await self._send(call, message)
            case Apply(update):
                await self._send(call, await self._decide(update))
            case Refused(reason):
                self.counters.refused_epochs += 1
                logger.error("discovery_epoch_refused target=%s reason=%r", target, reason)
            case None:
                pass

    async def _decide(self, update: ConfigUpdate) -> bytes:
        rejections = await self._apply(update)
        if rejections:
            self.counters.rejected += 1
            logger.error(
                "config_rejected revision=%d resources=%s",
                update.revision,
                ",".join(rejection.path for rejection in rejections[:10]),
            )
            return self._subscriber.reject(rejections)
        self.counters.accepted += 1
        self._tries = 0
        message = self._subscriber.accept()
        self._on_accepted(self._subscriber.resources)
        return message

    async def _send(self, call: "grpc.aio.StreamStreamCall[bytes, bytes]", message: bytes) -> None:
        # Not `wait_for`: before Python 3.12 it loses a cancellation that comes as the call ends.
        async with asyncio.timeout(CALL_SECONDS):
            await call.write(message)
