"""The gRPC server of discovery: mutual TLS only, certificates read anew when they change."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio

from control_plane.certificate_files import CertificateFiles, CertificatePaths, Pem

MAX_REQUEST_BYTES = 1024 * 1024
MAX_STREAMS = 20_000
OPTIONS = (
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", 2 * 1024 * 1024),  # the protocol allows 1 MiB
    ("grpc.max_concurrent_streams", 4),  # of one connection; a replica needs one
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.so_reuseport", 0),  # an occupied port is an error
)


@dataclass(frozen=True, slots=True)
class ServerTls:
    """PEM files: our certificate and key, and the authority of the replicas' certificates."""

    certificate: Path
    key: Path
    authority: Path


class Certificates:
    """Gives gRPC the certificates, for each connection those that lie there then. Counts the connections.

    gRPC calls from its own threads, once before each handshake.

    Raises:
        CertificateError: the files cannot be used.
    """

    def __init__(self, tls: ServerTls, wall_clock: Callable[[], float]) -> None:
        self.files = CertificateFiles(
            CertificatePaths("discovery", tls.certificate, tls.key, tls.authority), wall_clock
        )
        self._given: Pem | None = None
        self.connections = 0

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials that ask every client for a certificate."""
        self._given = self.files.current
        return grpc.dynamic_ssl_server_credentials(
            _configuration(self._given),
            self._fetch,  # type: ignore[arg-type]  # None is allowed: goes on with what it has
            require_client_authentication=True,
        )

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        self.connections += 1
        pem = self.files.refresh()
        if pem is self._given:
            return None
        self._given = pem
        return _configuration(pem)


def _configuration(pem: Pem) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pem.key or b"", pem.certificate or b"")], pem.authority)


def make_server(
    address: str, certificates: Certificates, handler: grpc.GenericRpcHandler
) -> tuple[grpc.aio.Server, int]:
    """A server that listens on `address` once started. Returns it with its port.

    Raises:
        OSError: the address cannot be bound.
    """
    server = grpc.aio.server(options=OPTIONS, maximum_concurrent_rpcs=MAX_STREAMS)
    server.add_generic_rpc_handlers((handler,))
    try:
        port = server.add_secure_port(address, certificates.credentials())
    except RuntimeError as error:
        raise OSError(f"cannot listen on '{address}' for discovery") from error
    return server, port
