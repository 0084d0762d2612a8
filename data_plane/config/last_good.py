"""The last accepted configuration on disk, encrypted: what a replica serves when no control plane can be reached.

The format is the shared one of `config_schemas/sealed_snapshot.py`.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config_schemas.sealed_snapshot import (
    SALT_BYTES,
    Header,
    KeysUnusable,
    Unusable,
    associated_data,
    file_key,
    key_id,
    parse_keys,
    read_chunks,
    read_header,
    unpack,
    write_snapshot,
)
from data_plane.config.resource_set import Payload, Position, ResourceSet

FIRST_SCHEMA_VERSION = 1  # of files that do not say

logger = logging.getLogger(__name__)


class KeyFileError(Exception):
    """The key file cannot be used; the text says why, without its content."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What is to be written: a copy, which no one changes."""

    position: Position
    content_hash: bytes
    payloads: Mapping[str, bytes]

    @classmethod
    def of(cls, resources: ResourceSet) -> "Saved":
        return cls(resources.position, resources.content_hash, dict(resources.payloads))


@dataclass(frozen=True, slots=True)
class Opener:
    """Who may open a file: replicas of a gateway that have one of these keys and read one of these schema versions."""

    keys: tuple[bytes, ...]
    gateway: str
    schema_versions: tuple[int, ...]

    def open(self, file: BinaryIO) -> ResourceSet:
        """What is in a file. Blocks.

        Raises:
            Unusable: it is not for us, or damaged; the text says which.
            OSError: it cannot be read.
        """
        header, line = read_header(file)
        key = next((key for key in self.keys if key_id(key) == header.key_id), None)
        if key is None:
            raise Unusable("it is encrypted under a key that is not in the key file")
        version = self._check(header)
        payloads: dict[str, Payload] = {}
        associated = associated_data(line, self.gateway, version)
        try:
            for chunk in read_chunks(file, associated, AESGCM(file_key(key, header.salt))):
                payloads.update((path, Payload.of(path, content)) for path, content in unpack(chunk))
        except InvalidTag as error:
            raise Unusable("it is damaged, or of another gateway or schema version") from error
        resources = ResourceSet()
        resources.apply(payloads, Position(header.epoch, header.revision))
        if resources.content_hash != header.content_hash:
            raise Unusable("its resources do not give its content hash")
        return resources

    def _check(self, header: Header) -> int:
        """The schema version that the file is of."""
        if header.gateway not in (None, self.gateway):
            raise Unusable(f"it is for the gateway '{header.gateway}', this replica serves '{self.gateway}'")
        version = FIRST_SCHEMA_VERSION if header.schema_version is None else header.schema_version
        if version not in self.schema_versions:
            known = " or ".join(map(str, sorted(self.schema_versions)))
            raise Unusable(f"it is of schema version {version}, this replica takes {known}")
        return version


def read_keys(file: Path) -> tuple[bytes, ...]:
    """One or two keys of 32 bytes, base64, a line each: the first encrypts, all decrypt.

    Raises:
        KeyFileError: the file cannot be read or holds something else.
    """
    try:
        return parse_keys(file.read_text("ascii"))
    except KeysUnusable as error:
        raise KeyFileError(f"'{file}' {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"'{file}' must hold one or two lines of base64: {type(error).__name__}") from error


class LastGoodFile:
    """The file of one replica. Both methods block: call them in a thread."""

    def __init__(
        self,
        path: Path,
        keys: tuple[bytes, ...],
        *,
        gateway: str,
        schema_version: int,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._path = path
        self._keys = keys
        self._gateway = gateway
        self._schema_version = schema_version
        self._random_bytes = random_bytes

    def save(self, saved: Saved) -> None:
        """Replace the file, whole or not at all.

        Raises:
            OSError: it could not be written; the old one stands.
        """
        temporary = self._path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            self._write(file, saved)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self._path)
        _sync_folder(self._path.parent)

    def load(self) -> ResourceSet | None:
        """What was saved, also by the release before; None, with one line in the log, if that cannot be used.

        No file: None.
        """
        opener = Opener(self._keys, self._gateway, (self._schema_version, self._schema_version - 1))
        try:
            with self._path.open("rb") as file:
                return opener.open(file)
        except FileNotFoundError:
            return None
        except (OSError, Unusable) as error:
            logger.warning("last_good_ignored file=%s reason=%r", self._path, str(error))
            return None

    def _write(self, file: BinaryIO, saved: Saved) -> None:
        salt = self._random_bytes(SALT_BYTES)
        position = saved.position
        header = Header(
            key_id(self._keys[0]),
            salt,
            position.epoch,
            position.revision,
            saved.content_hash,
            self._gateway,
            self._schema_version,
        )
        cipher = AESGCM(file_key(self._keys[0], salt))
        for piece in write_snapshot(header, self._gateway, self._schema_version, cipher, saved.payloads.items()):
            file.write(piece)


def _sync_folder(folder: Path) -> None:
    """So that the rename itself survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
