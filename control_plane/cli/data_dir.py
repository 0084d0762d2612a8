"""The folder that one `isthmus up` owns: its keys, certificates, data and logs, kept over restarts."""

import base64
import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from control_plane.cli.errors import CliError

KEY_BYTES = 32  # AES-256


@dataclass(frozen=True, slots=True)
class DataDir:
    """Where everything lies below `root`."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def etcd(self) -> Path:
        return self.root / "etcd"

    @property
    def replica(self) -> Path:
        return self.root / "replica"

    @property
    def collector(self) -> Path:
        return self.root / "collector"

    @property
    def binaries(self) -> Path:
        return self.root / "bin"

    @property
    def env_file(self) -> Path:
        return self.root / "env"

    @property
    def master_key_file(self) -> Path:
        return self.root / "master-keys"

    @property
    def last_good_key_file(self) -> Path:
        return self.root / "last-good-keys"

    @property
    def admin_token_file(self) -> Path:
        return self.root / "admin-token"

    @property
    def api_key_file(self) -> Path:
        return self.root / "api-key"

    def claim(self) -> int:
        """Make the folder, and hold it until the returned descriptor is closed.

        Raises:
            CliError: it cannot be written, or another `isthmus up` holds it.
        """
        try:
            for folder in (self.root, self.logs, self.replica):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CliError(f"cannot use the data directory {self.root}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise CliError(f"another `isthmus up` uses {self.root}; stop it or give another --data-dir") from error
        return descriptor

    def ensure_keys(self) -> None:
        """Make the keys that are not there yet."""
        for path, key_id in ((self.master_key_file, "k1:"), (self.last_good_key_file, "")):
            if not path.exists():
                key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
                write_private(path, f"{key_id}{key}\n")


def write_private(path: Path, text: str) -> None:
    """Write a file for its owner's eyes; it appears whole or not at all.

    Raises:
        CliError: it cannot be written.
    """
    temporary = path.with_name(path.name + ".new")
    try:
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        temporary.rename(path)
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error
