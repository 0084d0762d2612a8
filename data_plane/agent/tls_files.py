"""The files that prove a replica to control planes: exchanged while it runs, kept where new ones are broken."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from data_plane.agent.certificate_files import PairFiles, file_state
from data_plane.config.certificate import CertificateError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """What the files held at one moment. Ends are in seconds since 1970."""

    certificate: bytes
    key: bytes = field(repr=False)
    authority: bytes
    ends: float
    authority_ends: float
    authorities: frozenset[bytes]

    def credentials(self) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(self.authority, self.key, self.certificate)

    def trusts_all_of(self, other: "TlsMaterial") -> bool:
        return self.authorities >= other.authorities


class TlsFiles:
    """PEM files. `get` gives what is in them, as long as that is of use; else what was before."""

    def __init__(
        self,
        certificate: Path,
        key: Path,
        authority: Path,
        *,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 - certificates end at a date
    ) -> None:
        self.reloads = 0
        self.failures = 0
        self._pair = PairFiles(certificate, key)
        self.certificate, self.key, self.authority = certificate, key, authority
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] = ()
        self._current: TlsMaterial | None = None
        self._refused = ""  # why what lies there now is not used

    def get(self) -> TlsMaterial:
        """Read the files if they have changed. What cannot be used is logged and counted once.

        Raises:
            CertificateError: they cannot be used, and nothing was there before.
        """
        with self._lock:
            seen = (*self._pair.fingerprint(), file_state(self.authority))
            if self._current is not None and seen == self._seen and not self._refused:
                return self._current
            try:
                found = self._read()
                self._check_time(found)
            except CertificateError as error:
                self._refuse(str(error))
                if self._current is None:
                    raise
                return self._current
            self._seen, self._refused = seen, ""
            if found != self._current:
                self.reloads += self._current is not None
                logger.info("discovery_certificate_loaded file=%s", self.certificate)
                self._current = found
            return self._current

    def is_broken(self) -> bool:
        """Whether what lies there now cannot be used."""
        return bool(self._refused)

    def seconds_left(self) -> list[tuple[str, float]]:
        """Until the end of what is in use, by what it is for; below 0 it is over."""
        if self._current is None:
            return []
        now = self._wall_clock()
        return [("discovery", self._current.ends - now), ("discovery-ca", self._current.authority_ends - now)]

    def _refuse(self, reason: str) -> None:
        if reason != self._refused:
            self.failures += 1
            logger.error("discovery_certificate_unusable file=%s reason=%r", self.certificate, reason)
        self._refused = reason

    def _check_time(self, found: TlsMaterial) -> None:
        now = self._wall_clock()
        if found.ends <= now and self._current is not None and self._current.ends > now:
            raise CertificateError("the new certificate has ended already")

    def _read(self) -> TlsMaterial:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding

        pair = self._pair.read()
        try:
            authority = self.authority.read_bytes()
            certificates = x509.load_pem_x509_certificates(authority)
        except OSError as error:
            raise CertificateError(f"'{error.filename}': {error.strerror}") from error
        except ValueError:
            raise CertificateError(f"'{self.authority}': no certificate in PEM that can be read") from None
        return TlsMaterial(
            certificate=pair.chain,
            key=pair.key,
            authority=authority,
            ends=pair.not_after,
            # While an authority is exchanged for another, the last one to end is the one that counts.
            authority_ends=max(each.not_valid_after_utc.timestamp() for each in certificates),
            authorities=frozenset(each.public_bytes(Encoding.DER) for each in certificates),
        )
