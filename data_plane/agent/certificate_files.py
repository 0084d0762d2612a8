"""Certificates from files: read at the start, and again when they change.

An entry is `chain.pem:key.pem`, or a folder of pairs `<name>.crt` (or `.pem`) with `<name>.key`, in it or one folder
below: a mounted Secret of Kubernetes, or several. A pair that cannot be used is not taken while an older one is there.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_plane.config.certificate import Certificate, CertificateError, read_certificate

SUFFIXES = (".crt", ".pem")
TRIES = 3  # a folder that is exchanged while it is read gives a chain and a key that do not belong together

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Where a chain and its key lie."""

    chain: Path
    key: Path

    def read(self) -> Certificate:
        """Raises CertificateError, which says what is wrong."""
        for attempt in range(1, TRIES + 1):
            before = self.fingerprint()
            try:
                return read_certificate(str(self.chain), self.chain.read_bytes(), self.key.read_bytes())
            except OSError as error:
                raise CertificateError(f"'{error.filename}': {error.strerror}") from error
            except CertificateError:
                if attempt == TRIES or self.fingerprint() == before:
                    raise
        raise AssertionError("unreachable")

    def fingerprint(self) -> tuple[object, ...]:
        """Changes when a file does, and when a link leads elsewhere."""
        return tuple(file_state(path) for path in (self.chain, self.key))


class CertificateFiles:
    """`failures` counts readings that gave a pair which cannot be used; `broken` names what is so now."""

    def __init__(self, entries: Sequence[str]) -> None:
        self.failures = 0
        self.broken: dict[str, str] = {}  # the reason, by the chain's path
        self._entries = entries
        self._certificates: dict[PairFiles, Certificate] = {}
        self._seen: dict[PairFiles, tuple[object, ...]] = {}

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """In the order of the entries; in a folder by name."""
        return tuple(self._certificates.values())

    def load(self) -> None:
        """Read all for the first time.

        Raises:
            CertificateError: a pair cannot be used, or there is none.
        """
        pairs = self._pairs()
        if not pairs:
            raise CertificateError(f"no certificate with a key in {', '.join(self._entries)}")
        self._seen = {pair: pair.fingerprint() for pair in pairs}
        for pair in pairs:
            try:
                self._certificates[pair] = pair.read()
            except CertificateError as error:
                raise CertificateError(f"'{pair.chain}' with '{pair.key}': {error}") from error

    def refresh(self) -> bool:
        """Read what has changed since the last look. Whether the certificates have."""
        pairs = self._pairs()
        if not pairs and self._certificates:
            return False  # amid an exchange, or all gone by mistake: what is there serves on
        before = self.certificates
        certificates: dict[PairFiles, Certificate] = {}
        for pair in pairs:
            known, fingerprint = self._certificates.get(pair), pair.fingerprint()
            if known is None or fingerprint != self._seen.get(pair):
                known = self._read_anew(pair, known)
            self._seen[pair] = fingerprint
            if known is not None:
                certificates[pair] = known
        self._certificates = certificates
        self.broken = {name: why for name, why in self.broken.items() if name in {str(pair.chain) for pair in pairs}}
        return self.certificates != before

    def _read_anew(self, pair: PairFiles, known: Certificate | None) -> Certificate | None:
        name = str(pair.chain)
        try:
            certificate = pair.read()
        except CertificateError as error:
            if self.broken.get(name) != str(error):
                self.failures += 1
                logger.error("certificate cannot be used; the one before serves on file=%s error=%s", name, error)
            self.broken[name] = str(error)
            return known
        self.broken.pop(name, None)
        logger.info("certificate loaded file=%s names=%s", name, ",".join(certificate.dns_names))
        return certificate

    def _pairs(self) -> list[PairFiles]:
        pairs: list[PairFiles] = []
        for entry in self._entries:
            chain, colon, key = entry.partition(":")
            pairs += [PairFiles(Path(chain), Path(key))] if colon else _in_folder(Path(entry))
        return pairs


def _in_folder(folder: Path) -> list[PairFiles]:
    """Names with a dot in front are passed over: a mounted Secret keeps its versions there."""
    try:
        below = [each for each in folder.iterdir() if not each.name.startswith(".") and each.is_dir()]
        files = [file for each in (folder, *sorted(below)) for file in sorted(each.iterdir())]
    except OSError:
        return []
    chains = [file for file in files if file.suffix in SUFFIXES and not file.name.startswith(".")]
    return [PairFiles(chain, chain.with_suffix(".key")) for chain in chains if chain.with_suffix(".key").exists()]


def file_state(path: Path) -> object:
    """Changes when the file does, and when a link leads elsewhere."""
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return os.path.realpath(path), found.st_ino, found.st_mtime_ns, found.st_size
