"""One gRPC channel for each member of the cluster, and which of them is asked next."""

import asyncio
from collections.abc import Sequence

import grpc
import grpc.aio

from control_plane.certificate_files import CertificateFiles, CertificatePaths, Pem
from control_plane.etcd.settings import EtcdSettings
from control_plane.wall_clock import wall_clock

RETIRE_SECONDS = 30.0  # how long what is under way may go on over connections with the certificate before
MAX_ANSWER_BYTES = 64 << 20
CHANNEL_OPTIONS = (
    ("grpc.keepalive_time_ms", 10_000),  # etcd closes connections that ping more often than every 5 s
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
    ("grpc.enable_http_proxy", 0),  # etcd is inside; a proxy for the outside must not see it
    ("grpc.use_local_subchannel_pool", 1),  # closing ours closes the connections
)


class Endpoints:
    """Every call goes to the current member; a failure there moves all later calls to the next one.

    A channel for each, rather than gRPC's own balancing over all: each server is checked against its own name, and a
    member that answers nothing is left after one deadline.

    Raises:
        CertificateError: the certificate files cannot be used.
    """

    def __init__(self, settings: EtcdSettings, *, first: int) -> None:
        self._names = settings.endpoints
        self._targets = settings.targets
        self._retiring: set[asyncio.Task[None]] = set()
        paths = CertificatePaths("etcd", settings.cert_file, settings.key_file, settings.ca_file)
        self.files = CertificateFiles(paths, wall_clock) if settings.tls else None
        self._channels = self._make(self.files.current if self.files else None)
        self._current = first % len(self._channels)

    def __len__(self) -> int:
        return len(self._channels)

    def __str__(self) -> str:
        return ", ".join(self._names)

    @property
    def current(self) -> grpc.aio.Channel:
        return self._channels[self._current]

    def leave(self, channel: grpc.aio.Channel | None) -> None:
        """Go on to the next member, unless another call that failed on this one already did."""
        if channel is self.current:
            self._current = (self._current + 1) % len(self._channels)

    def renew(self, pem: Pem) -> None:
        """Go on over new connections with these certificates. Those before are closed when nothing needs them, or after
        a while: a watch resumes over a new one."""
        before, self._channels = self._channels, self._make(pem)
        retiring = asyncio.get_running_loop().create_task(self._close(before, RETIRE_SECONDS))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)

    async def close(self) -> None:
        for retiring in tuple(self._retiring):
            retiring.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await self._close(self._channels, None)

    async def _close(self, channels: Sequence[grpc.aio.Channel], grace_seconds: float | None) -> None:
        await asyncio.gather(*(channel.close(grace_seconds) for channel in channels))

    def _make(self, pem: Pem | None) -> Sequence[grpc.aio.Channel]:
        if pem is None:
            return [grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS) for target in self._targets]
        credentials = grpc.ssl_channel_credentials(pem.authority, pem.key, pem.certificate)
        return [grpc.aio.secure_channel(target, credentials, options=CHANNEL_OPTIONS) for target in self._targets]
