"""Endpoints and TLS towards an upstream, as Services and Providers name them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from config_schemas.base import HostName, Model, Reference

Address = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])$", max_length=253)
]


class ServiceEndpoint(Model):
    """One address: a host name, an IPv4 address or an IPv6 address in brackets."""

    host: Address
    port: Annotated[int, Field(ge=1, le=65535)]
    weight: Annotated[int, Field(ge=0, le=1000)] = 1


class UpstreamTls(Model):
    """How TLS towards the upstream is verified. `serverName` defaults to the endpoint's host.

    `clientCertificateRef` names a Secret that holds a certificate chain as `tls.crt` and its key as `tls.key`, in PEM:
    what the upstream is shown if it asks for a certificate.
    """

    server_name: HostName | None = None
    ca_pem: Annotated[str, StringConstraints(max_length=65536)] = ""  # empty: the system's roots
    verification: Literal["Full", "Insecure"] = "Full"
    client_certificate_ref: Reference | None = None
