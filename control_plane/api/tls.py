"""TLS of the REST API: connections that exist keep their certificate, new ones get the newest."""

import ssl

from control_plane.certificate_files import Pem
from control_plane.key_pair import load_key_pair


class ListenerTls:
    """`context` is the listener's, for its whole life; each handshake goes on with that of the newest certificate.

    A context of its own for each certificate: OpenSSL would keep an older one beside a new one of another key type.

    Raises:
        KeyPairError: TLS refuses the certificate, or there is none.
    """

    def __init__(self, pem: Pem) -> None:
        self._newest = _make(pem)
        self.context = _make(pem)
        self.context.sni_callback = self._choose  # called for clients that name no host as well

    def use(self, pem: Pem) -> None:
        """Have new connections get this certificate."""
        self._newest = _make(pem)

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._newest


def _make(pem: Pem) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    load_key_pair(context, pem.certificate or b"", pem.key or b"")
    return context
