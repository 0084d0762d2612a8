"""TLS towards clients: a Gateway's certificates, and what clients have to prove."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import Model, Name

CERTIFICATE_KEY, PRIVATE_KEY = "tls.crt", "tls.key"  # as in Kubernetes' Secrets of type kubernetes.io/tls


class CertificateReference(Model):
    """A Secret of the tenant `platform` with a certificate chain as `tls.crt` and its key as `tls.key`, in PEM."""

    name: Name


class ClientCertificates(Model):
    """What clients prove by a certificate. `Optional` verifies the one that is shown; `Require` asks each for one.

    `caPem` holds the authorities that vouch for clients; the system's count for nothing here.
    """

    mode: Literal["Off", "Optional", "Require"] = "Require"
    ca_pem: Annotated[str, StringConstraints(max_length=65536)] = ""

    @model_validator(mode="after")
    def _has_authority(self) -> Self:
        if self.mode != "Off" and not self.ca_pem:
            raise ValueError(f"`caPem` is required for `mode: {self.mode}`")
        return self


class GatewayTls(Model):
    """For the listeners of replicas that speak https.

    A client that asks for a name gets the certificate for it, an exact name before a wildcard; any other the first one.
    Where a replica has certificates in files, too, those here count first.
    """

    certificate_refs: Annotated[tuple[CertificateReference, ...], Field(max_length=64)] = ()
    min_version: Literal["TLS1.2", "TLS1.3"] = "TLS1.2"
    client_certificates: ClientCertificates | None = None
