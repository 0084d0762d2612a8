"""TLS towards clients: which certificate for which name, and what a handshake says of the client.

TLS 1.2 or later, of 1.2 only suites with forward secrecy and authenticated encryption, HTTP/1.1 only. Sessions are
resumed by tickets; their keys are each worker's own, since Python does not let them be shared.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Iterable

from data_plane.config.certificate import Certificate, TlsSettings
from data_plane.exchange import ClientCertificate, Peer
from data_plane.key_pair import load_key_pair

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; all of TLS 1.3 are such
VERSIONS = {"TLS1.2": ssl.TLSVersion.TLSv1_2, "TLS1.3": ssl.TLSVersion.TLSv1_3}
VERIFY_MODES = {"Off": ssl.CERT_NONE, "Optional": ssl.CERT_OPTIONAL, "Require": ssl.CERT_REQUIRED}
REASONS = {  # of OpenSSL's, those that an operator can act on
    "CERTIFICATE_VERIFY_FAILED": "client_certificate_refused",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "client_certificate_missing",
    "UNSUPPORTED_PROTOCOL": "unsupported_version",
    "NO_SHARED_CIPHER": "no_shared_cipher",
    "WRONG_VERSION_NUMBER": "not_tls",
    "HTTP_REQUEST": "not_tls",
}

ContextKey = tuple[bytes, bytes, str, str, str]


class ServerSide(ssl.SSLObject):
    """A connection's TLS, with the name that its client has asked for."""

    server_name = ""


class TlsContexts:
    """Contexts by the names of their certificates. Of two for one name the first counts; the very first is the default.

    Never changed once connections use it: a change of certificates makes another one.
    """

    def __init__(self) -> None:
        self.default: ssl.SSLContext | None = None
        self._exact: dict[str, ssl.SSLContext] = {}
        self._wildcard: dict[str, ssl.SSLContext] = {}
        self._made: dict[ContextKey, ssl.SSLContext] = {}

    @classmethod
    async def make(
        cls, certificates: Iterable[Certificate], settings: TlsSettings, before: "TlsContexts"
    ) -> "TlsContexts":
        """Lets other work run. What has not changed is taken from the contexts before: its tickets stay valid."""
        contexts = cls()
        for certificate in certificates:
            key = (
                certificate.chain,
                certificate.key,
                settings.min_version,
                settings.client_mode,
                settings.client_ca,
            )
            contexts._add(certificate, key, before._made.get(key) or _make_context(certificate, settings))
            await asyncio.sleep(0)
        if contexts.default is not None:
            contexts.default.sni_callback = contexts._on_server_name  # type: ignore[assignment]  # gives ServerSide
        return contexts

    def find(self, name: str) -> ssl.SSLContext | None:
        """An exact name before a wildcard, which stands for one label, before the default."""
        return self._exact.get(name) or self._wildcard.get(name.partition(".")[2]) or self.default

    def _add(self, certificate: Certificate, key: ContextKey, context: ssl.SSLContext) -> None:
        self._made[key] = context
        self.default = self.default or context
        for name in certificate.dns_names:
            if name.startswith("*."):
                self._wildcard.setdefault(name[2:], context)
            else:
                self._exact.setdefault(name, context)

    def _on_server_name(self, connection: ServerSide, name: str | None, _: ssl.SSLContext) -> None:
        if name:
            connection.server_name = name.lower().removesuffix(".")
            context = self.find(connection.server_name)
            if context is not None:
                connection.context = context


def peer_of(connection: ssl.SSLObject, address: str) -> Peer:
    """Whom a handshake was made with."""
    server_name = connection.server_name if isinstance(connection, ServerSide) else ""
    certificate = connection.getpeercert(binary_form=True)
    return Peer(address, "https", server_name, _client_certificate(certificate) if certificate else None)


def reason_of(error: Exception) -> str:
    """Why a handshake has failed, in few words; an operator's view, without what the client chose."""
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        if "_ALERT_" in reason:
            return "refused_by_client"
        return REASONS.get(reason, "other")
    if isinstance(error, ConnectionAbortedError | TimeoutError):  # as both loops call their handshake timeout
        return "timeout"
    return "disconnected"


def _make_context(certificate: Certificate, settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = ServerSide
    context.minimum_version = VERSIONS[settings.min_version]
    context.options |= ssl.OP_NO_RENEGOTIATION  # asked for a thousand times it is an attack, and no client needs it
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    load_key_pair(context, certificate.chain, certificate.key)
    if settings.client_mode != "Off":
        # In each context: OpenSSL verifies with those of the context that the name has led to.
        context.load_verify_locations(cadata=settings.client_ca)
        context.verify_mode = VERIFY_MODES[settings.client_mode]
    return context


def _client_certificate(der: bytes) -> ClientCertificate:
    from cryptography import x509  # here, as for certificates of our own

    sha256 = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject = certificate.subject.rfc4514_string()
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ClientCertificate(sha256, subject)
    except ValueError:  # its authority has vouched for something odd: nothing of it is believed
        return ClientCertificate(sha256)
    return ClientCertificate(
        sha256,
        subject,
        tuple(names.get_values_for_type(x509.DNSName)),
        tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
    )
