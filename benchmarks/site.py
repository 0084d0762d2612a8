"""Where one server of a bench is put, and whom it talks TLS with."""

from dataclasses import dataclass
from pathlib import Path

import trustme

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: of the authority that all trust, of the server's key and certificate, and of both in one."""

    authority: Path
    certificate: Path
    key: Path
    combined: Path


@dataclass(frozen=True, slots=True)
class Site:
    """A folder of its own, the port to listen on, and that of the upstream.

    `tls_in`: clients talk TLS. `tls_up`: the upstream does.
    """

    folder: Path
    certificates: Certificates
    port: int
    upstream: int = 0
    tls_in: bool = False
    tls_up: bool = False


def issue(folder: Path) -> Certificates:
    """Make a certificate for the address that everything here listens on."""
    made = Certificates(*(folder / f"{name}.pem" for name in ("authority", "certificate", "key", "combined")))
    authority = trustme.CA()
    server = authority.issue_cert(ADDRESS, "localhost")
    authority.cert_pem.write_to_path(made.authority)
    server.cert_chain_pems[0].write_to_path(made.certificate)
    server.private_key_pem.write_to_path(made.key)
    server.private_key_and_cert_chain_pem.write_to_path(made.combined)
    return made
