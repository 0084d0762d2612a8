"""Issues one certificate from the authority of a release, for the pod it runs in.

Usage: python issue_certificate.py --authority DIR --out DIR --days N --host NAME [--host NAME ...]
   or: python issue_certificate.py --authority DIR --out DIR --days N --gateway NAME --trust-domain NAME
"""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from control_plane.cli.pki import Authority, GatewayIdentity, KeyPair


def main() -> None:
    """Write `tls.crt`, `tls.key` and the authority's `ca.crt`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--authority", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--host", action="append")
    parser.add_argument("--gateway")
    parser.add_argument("--trust-domain")
    given = parser.parse_args()
    authority_certificate = (given.authority / "tls.crt").read_bytes()
    authority = Authority(KeyPair(authority_certificate, (given.authority / "tls.key").read_bytes()))
    now = datetime.now(UTC)
    if given.host:
        pair = authority.issue_server(given.host, now, given.days)
    else:
        pair = authority.issue_gateway(GatewayIdentity(given.gateway, given.trust_domain), now, given.days)
    os.umask(0o077)
    (given.out / "tls.crt").write_bytes(pair.certificate)
    (given.out / "tls.key").write_bytes(pair.key)
    (given.out / "ca.crt").write_bytes(authority_certificate)


if __name__ == "__main__":
    main()
