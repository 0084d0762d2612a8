"""One gRPC channel for each member of the cluster, and which of them is asked next."""

from pathlib import Path

import grpc
import grpc.aio

from control_plane.etcd.settings import EtcdSettings

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
    """

    def __init__(self, settings: EtcdSettings, *, first: int) -> None:
        credentials = _credentials(settings) if settings.tls else None
        self._names = settings.endpoints
        self._channels = [
            grpc.aio.secure_channel(target, credentials, options=CHANNEL_OPTIONS)
            if credentials
            else grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
            for target in settings.targets
        ]
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

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()


def _credentials(settings: EtcdSettings) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        root_certificates=_read(settings.ca_file),
        private_key=_read(settings.key_file),
        certificate_chain=_read(settings.cert_file),
    )


def _read(file: Path | None) -> bytes | None:
    return file.read_bytes() if file else None
