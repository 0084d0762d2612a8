"""Makes the Secrets of a release that are not there yet, and renews its certificates.

Usage: python ensure_secrets.py --plan FILE [--renew] [--account DIR]

Keys, the first admin token and authorities are created once and never overwritten. A certificate is issued anew when it
is about to end, or is not what the plan says. `--renew`: only certificates, from authorities that must be there.
"""

import argparse
import base64
import ipaddress
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID
from kubernetes_secrets import ACCOUNT, KubernetesError, KubernetesSecrets, kubernetes_address

from control_plane.cli.pki import Authority, KeyPair
from control_plane.identity.token_text import mint

USAGES = {"server auth": ExtendedKeyUsageOID.SERVER_AUTH, "client auth": ExtendedKeyUsageOID.CLIENT_AUTH}
TLS = "kubernetes.io/tls"

Json = dict[str, Any]
Data = dict[str, bytes]


class CannotEnsure(Exception):
    """One line for the operator."""


class Release:
    """The Secrets of one release, as its plan says."""

    def __init__(self, plan: Json, kubernetes: KubernetesSecrets, now: datetime) -> None:
        self._plan = plan
        self._kubernetes = kubernetes
        self._now = now

    def ensure(self) -> None:
        """Create what is missing; certificates as `renew`."""
        for kept in self._plan["kept"]:
            self._create(self._secret(kept["secret"], "Opaque", {kept["key"]: _key(kept["form"])}))
        for name in self._plan["authorities"]:
            pair = Authority.create(self._now, self._plan["authorityDays"]).pair
            self._create(self._secret(name, TLS, {"tls.crt": pair.certificate, "tls.key": pair.key}))
        self.renew()

    def renew(self) -> None:
        """Issue the certificates that are missing, about to end, or not what the plan says.

        Raises:
            CannotEnsure: an authority is missing or cannot be read.
        """
        authorities = {name: self._authority(name) for name in self._plan["authorities"]}
        for wanted in self._plan["certificates"]:
            authority, trusted = authorities[wanted["authority"]]
            there = self._kubernetes.find(wanted["secret"])
            data = _data(there)
            if not self._is_good(data, wanted, authority):
                pair = self._issue(authority, wanted)
                data = {"tls.crt": pair.certificate, "tls.key": pair.key}
            data["ca.crt"] = trusted
            if there is None:
                self._kubernetes.create(self._secret(wanted["secret"], TLS, data))
            elif data != _data(there):
                # With the version that was read: of two that renew at once, one is refused and comes again.
                self._kubernetes.replace(there | {"data": _encoded(data)})
            _say(wanted["secret"], "kept" if data == _data(there) else "issued")

    def _create(self, secret: Json) -> None:
        made = self._kubernetes.create(secret)
        _say(secret["metadata"]["name"], "created" if made else "kept")

    def _authority(self, name: str) -> tuple[Authority, bytes]:
        """What signs, and all that is to be trusted: while one authority follows another, both."""
        data = _data(self._kubernetes.find(name))
        try:
            authority = Authority(KeyPair(data["tls.crt"], data["tls.key"]))
        except (KeyError, ValueError) as error:
            raise CannotEnsure(
                f"the Secret '{name}' must hold an authority as tls.crt and tls.key ({type(error).__name__}); "
                "an upgrade of the release makes one where there is none"
            ) from None
        return authority, data["tls.crt"].rstrip() + b"\n" + data.get("trusted.crt", b"")

    def _issue(self, authority: Authority, wanted: Json) -> KeyPair:
        usages = [USAGES[usage] for usage in wanted["usages"]]
        return authority.issue(wanted["name"], _names(wanted), usages, self._now, self._plan["certificateDays"])

    def _is_good(self, data: Data, wanted: Json, authority: Authority) -> bool:
        """Whether the pair lasts, was signed by this authority, and is for exactly these names and uses."""
        try:
            certificate = x509.load_pem_x509_certificate(data["tls.crt"])
            certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pair.certificate))
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (KeyError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        renew_at = certificate.not_valid_after_utc - timedelta(days=self._plan["renewBeforeDays"])
        return (
            self._now < renew_at
            and list(names) == _names(wanted)
            and list(usages) == [USAGES[usage] for usage in wanted["usages"]]
            and "tls.key" in data
        )

    def _secret(self, name: str, type: str, data: Data) -> Json:
        metadata = {"name": name, "namespace": self._plan["namespace"], "labels": self._plan["labels"]}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": type, "data": _encoded(data)}


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--renew", action="store_true")
    parser.add_argument("--account", type=Path, default=ACCOUNT, help="the service account's files")
    given = parser.parse_args()
    plan = json.loads(given.plan.read_text())
    kubernetes = KubernetesSecrets(kubernetes_address(), plan["namespace"], given.account)
    release = Release(plan, kubernetes, datetime.now(UTC))
    try:
        if given.renew:
            release.renew()
        else:
            release.ensure()
    except (KubernetesError, CannotEnsure) as error:
        sys.stderr.write(f"ensure_secrets: {error}\n")
        return 1
    return 0


def _key(form: str) -> bytes:
    """A new secret, as the processes read it."""
    match form:
        case "bootstrap-token":
            return mint("isa").text.encode()
        case "master-key":  # lines of <key id>:<base64 of 32 bytes>
            return b"k1:" + base64.b64encode(secrets.token_bytes(32))
        case _:  # lines of <base64 of 32 bytes>
            return base64.b64encode(secrets.token_bytes(32))


def _names(wanted: Json) -> list[x509.GeneralName]:
    return [*map(_host, wanted["hosts"]), *map(x509.UniformResourceIdentifier, wanted["uris"])]


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _data(secret: Json | None) -> Data:
    encoded = (secret or {}).get("data") or {}
    return {key: base64.b64decode(value) for key, value in encoded.items()}


def _encoded(data: Data) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def _say(name: str, outcome: str) -> None:
    sys.stdout.write(f"secret={name} {outcome}\n")


if __name__ == "__main__":
    sys.exit(main())
