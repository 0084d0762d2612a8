"""How TLS with an upstream is spoken, of what its resource says."""

import ssl

from config_schemas.base import PLATFORM_TENANT
from data_plane.config import structs
from data_plane.config.certificate import Certificate
from data_plane.config.rejection import Rejected
from data_plane.config.state import Build
from data_plane.upstream.cluster import KeyPair, UpstreamTls


class NotServed(Exception):
    """What the resource needs is not there yet: it is served fail-closed."""


def client_key_pair(build: Build, tls: structs.UpstreamTls | None, tenant: str) -> KeyPair | None:
    """What the upstream is shown if it asks.

    Raises:
        Rejected: it is another tenant's.
        NotServed: the Secret is not there, or has no certificate. Without it we would be somebody else.
    """
    reference = tls.client_certificate_ref if tls is not None else None
    if reference is None:
        return None
    owner = reference.tenant or tenant
    if owner not in (tenant, PLATFORM_TENANT):
        raise Rejected(f"`spec.tls.clientCertificateRef.tenant` must be '{tenant}' or '{PLATFORM_TENANT}'")
    found = build.unit(f"{owner}/Secret/{reference.name}")
    if not isinstance(found, Certificate):
        raise NotServed
    return KeyPair(found.chain, found.key)


def upstream_tls(tls: structs.UpstreamTls | None, host: str, client: KeyPair | None) -> UpstreamTls:
    """
    Raises:
        Rejected: the authorities cannot be read.
    """
    if tls is None:
        return UpstreamTls(host)
    if tls.ca_pem:
        try:
            ssl.create_default_context(cadata=tls.ca_pem)
        except (ssl.SSLError, ValueError):
            raise Rejected("`spec.tls.caPem` holds no certificate in PEM that can be read") from None
    return UpstreamTls(tls.server_name or host, tls.ca_pem, tls.verification == "Full", client)
