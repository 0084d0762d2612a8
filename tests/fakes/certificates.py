"""Certificates for tests: one authority, and pairs made once for each name."""

import functools
import ssl

import trustme


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def other_authority() -> trustme.CA:
    return trustme.CA(organization_name="others")


@functools.cache
def pair(*names: str, common_name: str | None = None) -> tuple[bytes, bytes]:
    """Chain and key in PEM."""
    issued = authority().issue_cert(*names, common_name=common_name)
    return issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()


def authority_pem() -> str:
    return authority().cert_pem.bytes().decode()


def client_context(*, certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """A client's, which trusts the authority."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    return context
