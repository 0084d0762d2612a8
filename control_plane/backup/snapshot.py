"""Bootstrap snapshots: one Gateway's configuration as its replicas keep it, for those that start without us."""

import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config_schemas.base import PLATFORM_TENANT
from config_schemas.sealed_snapshot import (
    SALT_BYTES,
    Header,
    KeysUnusable,
    file_key,
    key_id,
    parse_keys,
    write_snapshot,
)
from config_schemas.version import SCHEMA_VERSION
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.subset import Audience
from control_plane.errors import NoSnapshotKey, NotFound

MEDIA_TYPE = "application/vnd.isthmus.snapshot"


class KeyFileError(Exception):
    """The key file cannot be used; the text says why, without its content."""


def read_group_key(file: Path) -> bytes:
    """The key that seals: the first line of the replica group's file.

    Raises:
        KeyFileError: the file cannot be read or holds something else.
    """
    try:
        return parse_keys(file.read_text("ascii"))[0]
    except KeysUnusable as error:
        raise KeyFileError(f"--last-good-key-file '{file}' {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"--last-good-key-file '{file}' cannot be read: {type(error).__name__}") from error


class Snapshots:
    """`key_file` None: this control plane makes none. The file is read for each, so that a rotated key counts."""

    def __init__(self, catalog: Catalog, key_file: Path | None) -> None:
        self._catalog = catalog
        self._key_file = key_file

    def pieces(self, gateway: str, schema_version: int = SCHEMA_VERSION) -> Iterator[bytes]:
        """The file with what the gateway's replicas are offered now. Slow to run through: rest between pieces.

        Raises:
            NoSnapshotKey: there is no key to seal it with.
            NotFound: there is no such Gateway.
        """
        key = self._read_key()
        state = self._catalog.state
        if state.find(f"{PLATFORM_TENANT}/Gateway/{gateway}") is None:
            raise NotFound(f"Gateway '{gateway}' does not exist")
        subset = self._catalog.subset(Audience(gateway, schema_version))
        salt = os.urandom(SALT_BYTES)
        header = Header(key_id(key), salt, subset.epoch, subset.revision, subset.content_hash, gateway, schema_version)
        # A copy of what is there now; payloads are opened as they are written.
        payloads = ((path, subset.sent_payload(path, item)) for path, item in subset.items())
        return write_snapshot(header, gateway, schema_version, AESGCM(file_key(key, salt)), payloads)

    def _read_key(self) -> bytes:
        if self._key_file is None:
            raise NoSnapshotKey(
                "this control plane has no key to seal a snapshot with: start it with --last-good-key-file, the file "
                "that the Gateway's replicas have"
            )
        try:
            return read_group_key(self._key_file)
        except KeyFileError as error:
            raise NoSnapshotKey(str(error)) from error
