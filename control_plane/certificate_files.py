"""Certificate files that are exchanged while the process runs: read whole, checked, kept where new ones are broken."""

import logging
import os
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from control_plane.key_pair import KeyPairError, load_key_pair

TRIES = 3  # files that are exchanged while they are read do not fit together

logger = logging.getLogger(__name__)


class CertificateError(ValueError):
    """The files cannot be used; one line that says why, never anything of a key."""


@dataclass(frozen=True, slots=True)
class CertificatePaths:
    """PEM files of one use, such as `api`; what is None is not used."""

    use: str
    certificate: Path | None
    key: Path | None
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class Pem:
    """What the files held at one moment. `ends` and `authority_ends`: seconds since 1970; None: there is none.

    `authorities` are the certificates in the authority's file: during a rotation there are two.
    """

    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    authority: bytes | None = None
    ends: float | None = None
    authority_ends: float | None = None
    authorities: frozenset[bytes] = frozenset()

    def trusts_all_of(self, other: "Pem") -> bool:
        return self.authorities >= other.authorities


class CertificateFiles:
    """`current` is always of use. Safe to refresh from several threads.

    Raises:
        CertificateError: the files cannot be used now, at the start.
    """

    def __init__(self, paths: CertificatePaths, wall_clock: Callable[[], float]) -> None:
        self.use = paths.use
        self.reloads = 0
        self.failures = 0
        self._paths = paths
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._refused = ""  # why what lies there now is not used
        self._seen = self._fingerprint()
        self.current = self._read()

    def refresh(self) -> Pem:
        """Read the files if they have changed, and return what to use. What cannot be used is logged and counted."""
        with self._lock:
            seen = self._fingerprint()
            if seen == self._seen and not self._refused:
                return self.current
            try:
                found = self._read()
                self._check_time(found)
            except CertificateError as error:
                self._refuse(str(error))
                return self.current
            self._seen, self._refused = seen, ""
            if found != self.current:
                self.current = found
                self.reloads += 1
                logger.info("certificate_reloaded use=%s file=%s", self.use, self._name())
            return self.current

    def is_broken(self) -> bool:
        """Whether what lies there now cannot be used."""
        return bool(self._refused)

    def ends(self) -> dict[str, float]:
        """When what is in use ends, in seconds since 1970, by what it is for: the use, and its authority."""
        found = {self.use: self.current.ends, f"{self.use}-ca": self.current.authority_ends}
        return {name: end for name, end in found.items() if end is not None}

    def _refuse(self, reason: str) -> None:
        if reason != self._refused:
            self.failures += 1
            logger.error(
                "certificate_kept use=%s file=%s reason=%r: the one before is used on", self.use, self._name(), reason
            )
        self._refused = reason

    def _name(self) -> str:
        return str(self._paths.certificate or self._paths.authority)

    def _check_time(self, found: Pem) -> None:
        now, current = self._wall_clock(), self.current
        if found.ends is not None and found.ends <= now and (current.ends or 0.0) > now:
            raise CertificateError("the new certificate has ended already")

    def _read(self) -> Pem:
        for attempt in range(1, TRIES + 1):
            before = self._fingerprint()
            try:
                return _parse(*(_content(path) for path in self._files()))
            except CertificateError:
                if attempt == TRIES or self._fingerprint() == before:
                    raise
        raise AssertionError("unreachable")

    def _fingerprint(self) -> tuple[object, ...]:
        """Changes when a file does, and when a link leads elsewhere."""
        return tuple(_state(path) for path in self._files() if path)

    def _files(self) -> tuple[Path | None, Path | None, Path | None]:
        return self._paths.certificate, self._paths.key, self._paths.authority


def _parse(certificate: bytes | None, key: bytes | None, authority: bytes | None) -> Pem:
    ends = authority_ends = None
    authorities: list[x509.Certificate] = []
    if certificate is not None:
        chain = _certificates(certificate, "the certificate")
        ends = min(each.not_valid_after_utc.timestamp() for each in chain)
        try:
            load_key_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, key or b"")
        except KeyPairError as error:
            raise CertificateError(str(error)) from None
    if authority is not None:
        authorities = _certificates(authority, "the authority")
        # While an authority is exchanged for another, the last one to end is the one that counts.
        authority_ends = max(each.not_valid_after_utc.timestamp() for each in authorities)
    bundle = frozenset(each.public_bytes(serialization.Encoding.DER) for each in authorities)
    return Pem(certificate, key, authority, ends, authority_ends, bundle)


def _certificates(pem: bytes, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise CertificateError(f"{what} is not PEM that can be read") from None


def _content(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        raise CertificateError(f"'{path}': {error.strerror or error}") from error


def _state(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return os.path.realpath(path), found.st_ino, found.st_mtime_ns, found.st_size
