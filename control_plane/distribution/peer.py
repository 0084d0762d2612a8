"""Which gateway a replica's certificate proves. Source: SPIFFE-ID and X509-SVID (spiffe.io, 2026-11)."""

from collections.abc import Iterable, Mapping

from cryptography import x509


class Unproved(Exception):
    """The certificate does not prove a gateway of this trust domain."""


def gateway_of(auth_context: Mapping[str, Iterable[bytes]], trust_domain: str) -> str:
    """The gateway in the one SPIFFE id of the peer's certificate, as gRPC has verified it.

    Raises:
        Unproved: no certificate, not exactly one id, of another trust domain, or not that of a gateway.
    """
    ids = tuple(auth_context.get("peer_spiffe_id", ()))  # set by gRPC if the certificate has exactly one URI
    if len(ids) != 1:
        raise Unproved("the certificate must have exactly one URI, a SPIFFE id")
    prefix = f"spiffe://{trust_domain}/gateway/"
    uri = ids[0].decode("utf-8", "replace")
    gateway = uri.removeprefix(prefix)
    if not uri.startswith(prefix) or not gateway or "/" in gateway:
        raise Unproved(f"the certificate's id must be '{prefix}<name>'")
    return gateway


def certificate_end(auth_context: Mapping[str, Iterable[bytes]]) -> float:
    """When the peer's certificate ends, in seconds since 1970.

    Raises:
        Unproved: no certificate that can be read.
    """
    try:
        (pem,) = auth_context.get("x509_pem_cert", ())
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()
    except ValueError as error:
        raise Unproved("the certificate cannot be read") from error
