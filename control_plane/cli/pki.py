"""A certificate authority of one's own, for `isthmus up` and tests: server and gateway certificates."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
RENEW_DAYS = 30  # certificates with less left are made anew at start
CLOCK_SKEW = timedelta(minutes=5)
DEFAULT_TRUST_DOMAIN = "isthmus.local"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """PEM: a certificate and its private key."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class KeyPairFiles:
    """Where a key pair lies; the key is for its owner only."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class GatewayIdentity:
    """What a replica proves: that it serves this Gateway."""

    gateway: str
    trust_domain: str = DEFAULT_TRUST_DOMAIN

    @property
    def uri(self) -> str:
        return f"spiffe://{self.trust_domain}/gateway/{self.gateway}"


@dataclass(frozen=True, slots=True)
class Pki:
    """The files of one installation."""

    authority: Path
    server: KeyPairFiles
    gateway: KeyPairFiles


class Authority:
    """Signs certificates."""

    def __init__(self, pair: KeyPair) -> None:
        self._certificate = x509.load_pem_x509_certificate(pair.certificate)
        self._key = _load_key(pair.key)
        self.pair = pair

    @classmethod
    def create(cls, now: datetime, days: int = AUTHORITY_DAYS) -> "Authority":
        """A new authority with a new key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Isthmus certificate authority")])
        certificate = (
            _builder(name, name, key.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(KeyPair(_pem(certificate), _key_pem(key)))

    def issue_server(self, hosts: Sequence[str], now: datetime, days: int = CERTIFICATE_DAYS) -> KeyPair:
        """For a control plane that is reached by these host names and addresses."""
        names = [_general_name(host) for host in hosts]
        return self.issue("Isthmus control plane", names, [ExtendedKeyUsageOID.SERVER_AUTH], now, days)

    def issue_gateway(self, identity: GatewayIdentity, now: datetime, days: int = CERTIFICATE_DAYS) -> KeyPair:
        """For the replicas of a Gateway; it cannot serve, so that no replica can pose as a control plane."""
        names = [x509.UniformResourceIdentifier(identity.uri)]
        return self.issue("Isthmus gateway", names, [ExtendedKeyUsageOID.CLIENT_AUTH], now, days)

    def issue(
        self,
        name: str,
        names: Sequence[x509.GeneralName],
        usages: Sequence[x509.ObjectIdentifier],
        now: datetime,
        days: int,
    ) -> KeyPair:
        """A certificate for these names and uses; `name` is for people."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            _builder(subject, self._certificate.subject, key.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return KeyPair(_pem(certificate), _key_pem(key))


def ensure_pki(
    folder: Path, identity: GatewayIdentity, *, hosts: Sequence[str] = LOOPBACK, now: datetime | None = None
) -> Pki:
    """The authority, the control plane's and the gateway's certificate in `folder`: kept while valid, else made."""
    now = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_files = _files(folder, "ca")
    pki = Pki(authority_files.certificate, _files(folder, "control-plane"), _files(folder, "gateway"))
    pair = _read(authority_files)
    if pair is None or not _is_valid(pair, now):
        authority = Authority.create(now)
        _write(authority_files, authority.pair)
    else:
        authority = Authority(pair)
    if not _is_issued(authority, _read(pki.server), [_general_name(host) for host in hosts], now):
        _write(pki.server, authority.issue_server(hosts, now))
    if not _is_issued(authority, _read(pki.gateway), [x509.UniformResourceIdentifier(identity.uri)], now):
        _write(pki.gateway, authority.issue_gateway(identity, now))
    return pki


def _files(folder: Path, name: str) -> KeyPairFiles:
    return KeyPairFiles(folder / f"{name}.pem", folder / f"{name}-key.pem")


def _read(files: KeyPairFiles) -> KeyPair | None:
    try:
        return KeyPair(files.certificate.read_bytes(), files.key.read_bytes())
    except FileNotFoundError:
        return None


def _write(files: KeyPairFiles, pair: KeyPair) -> None:
    """Each file by rename; the certificate last, so that it never stands without its key."""
    for path, content in ((files.key, pair.key), (files.certificate, pair.certificate)):
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.rename(path)


def _is_valid(pair: KeyPair, now: datetime) -> bool:
    """Whether certificate and key are readable, belong together and last for a while."""
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate)
        key = _load_key(pair.key)
    except ValueError:
        return False
    lasts = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - timedelta(days=RENEW_DAYS)
    return lasts and certificate.public_key() == key.public_key()


def _is_issued(authority: Authority, pair: KeyPair | None, names: Sequence[x509.GeneralName], now: datetime) -> bool:
    """Whether the pair is valid, for exactly these names, and signed by this authority."""
    if pair is None or not _is_valid(pair, now):
        return False
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    try:
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pair.certificate))
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return list(extension.value) == list(names)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic-curve key")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
