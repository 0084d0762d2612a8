"""A certificate with which listeners prove themselves, and the names that it stands for."""

import ssl
from dataclasses import dataclass, field
from typing import Literal

from data_plane.key_pair import KeyPairError, load_key_pair

ClientMode = Literal["Off", "Optional", "Require"]


class CertificateError(ValueError):
    """It cannot be used; one line that says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`name` says where it comes from. `not_after`: seconds since 1970."""

    name: str
    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)
    dns_names: tuple[str, ...]
    not_after: float


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What a Gateway's configuration says about TLS on its listeners."""

    certificates: tuple[Certificate, ...] = ()
    min_version: Literal["TLS1.2", "TLS1.3"] = "TLS1.2"
    client_mode: ClientMode = "Off"
    client_ca: str = ""


def read_certificate(name: str, chain: bytes, key: bytes) -> Certificate:
    """Check that chain and key, in PEM, can be used and belong together.

    Raises:
        CertificateError: they do not.
    """
    # Here, since it takes 10 MiB of each process that imports it, and few replicas have TLS of their own.
    from cryptography import x509

    try:
        leaf = x509.load_pem_x509_certificates(chain)[0]
        not_after = leaf.not_valid_after_utc.timestamp()
    except ValueError:
        raise CertificateError("there is no certificate in PEM that can be read") from None
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns_names = tuple(each.lower() for each in names.get_values_for_type(x509.DNSName))
    except (x509.ExtensionNotFound, ValueError):
        dns_names = ()  # it may still be the one for clients that ask for no name
    try:
        load_key_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), chain, key)
    except KeyPairError as error:
        raise CertificateError(str(error)) from None
    return Certificate(name, chain, key, dns_names, not_after)
