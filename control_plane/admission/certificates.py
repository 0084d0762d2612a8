"""Certificates and keys in resources: whether they can be read and belong together, where they are written plainly."""

from typing import TYPE_CHECKING

from config_schemas.base import Resource
from config_schemas.identity.secret import Secret
from config_schemas.routing.gateway import Gateway
from config_schemas.routing.gateway_tls import CERTIFICATE_KEY, PRIVATE_KEY
from control_plane.errors import FieldError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

KEPT = ("fingerprint:", "sealed:")  # stands for a value that is stored already


def certificate_errors(resource: Resource) -> list[FieldError]:
    """What is wrong with the certificates of a Secret or a Gateway."""
    if isinstance(resource, Secret):
        return _pair_errors(resource.spec.data)
    if isinstance(resource, Gateway) and resource.spec.tls is not None:
        clients = resource.spec.tls.client_certificates
        if clients is not None and clients.ca_pem and not _certificates(clients.ca_pem):
            return [FieldError("spec.tls.clientCertificates.caPem", "must hold certificates in PEM")]
    return []


def _pair_errors(data: dict[str, str]) -> list[FieldError]:
    """Values that are written as fingerprints cannot be looked at; replicas refuse what does not fit."""
    chain, key = data.get(CERTIFICATE_KEY), data.get(PRIVATE_KEY)
    if chain is None or key is None or chain.startswith(KEPT) or key.startswith(KEPT):
        return []
    certificates = _certificates(chain)
    if not certificates:
        return [FieldError(f"spec.data.{CERTIFICATE_KEY}", "must hold a certificate chain in PEM, the leaf first")]
    # Here: commands that see no certificate start without it.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        public = load_pem_private_key(key.encode(), None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return [FieldError(f"spec.data.{PRIVATE_KEY}", "must hold an unencrypted private key in PEM")]
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if public.public_bytes(*form) != certificates[0].public_key().public_bytes(*form):
        return [
            FieldError(f"spec.data.{PRIVATE_KEY}", f"does not belong to the first certificate of `{CERTIFICATE_KEY}`")
        ]
    return []


def _certificates(pem: str) -> "list[Certificate]":
    from cryptography import x509  # here, as above

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []
