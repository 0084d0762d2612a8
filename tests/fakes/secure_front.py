"""A front whose connections do not begin with HTTP: a PROXY header, TLS, or both; and what proxies and clients send."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence

from data_plane.config.certificate import TlsSettings, read_certificate
from data_plane.ingress.proxy_protocol import SIGNATURE
from data_plane.ingress.tls import TlsContexts
from data_plane.listen_address import ListenAddress
from data_plane.pipeline.sides import Dispatcher
from tests.fakes.certificates import client_context, pair
from tests.fakes.front import Client, Front

TLS = ListenAddress("127.0.0.1", tls=True)
PROXY = ListenAddress("127.0.0.1", proxy=True, trusted=("127.0.0.0/8",))
PROXY_TLS = ListenAddress("127.0.0.1", tls=True, proxy=True, trusted=("127.0.0.0/8",))


def proxy_header(
    source: str = "192.0.2.7", *, command: int = 0x21, family: int | None = None, values: bytes = b""
) -> bytes:
    """What a proxy sends first for a TCP connection from `source`."""
    address = ipaddress.ip_address(source)
    addresses = address.packed + address.packed + (4711).to_bytes(2, "big") + (443).to_bytes(2, "big")
    kind = family if family is not None else (0x11 if address.version == 4 else 0x21)
    payload = addresses + values
    return SIGNATURE + bytes((command, kind)) + len(payload).to_bytes(2, "big") + payload


class SecureFront(Front):
    """Has a certificate for each group of names, in this order."""

    def __init__(
        self,
        address: ListenAddress,
        names: Sequence[tuple[str, ...]] = (("a.example",),),
        settings: TlsSettings | None = None,
        way: Dispatcher | None = None,
    ) -> None:
        super().__init__(way=way)
        self.address = address
        self._names = names
        self._settings = settings or TlsSettings()

    async def open(self) -> None:
        certificates = [read_certificate("/".join(each), *pair(*each)) for each in self._names]
        self.listener.contexts = await TlsContexts.make(certificates, self._settings, self.listener.contexts)
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        await self.listener.serve(listening, self.address)

    async def connect_tls(self, name: str | None = "a.example", context: ssl.SSLContext | None = None) -> Client:
        """A client that has made its handshake."""
        trusting = context or client_context()
        streams = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=trusting, server_hostname=name or "", limit=1 << 26
        )
        client = Client(*streams)
        self._clients.append(client)
        return client

    @property
    def failures(self) -> dict[tuple[str | int, ...], int]:
        """Openings that have failed, by stage and reason."""
        return {labels: counter.value for labels, counter in self.listener.metrics.failed.items()}
