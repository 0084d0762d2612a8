"""Seals the values of Secrets before they reach the store: AES-256-GCM under a master key that never leaves here.

A sealed value is `sealed:v1:<key id>:<base64 of nonce and ciphertext>`. It is bound to its resource and key: moved
elsewhere in the store, it does not open. Nonces are random, so a key seals at most 2**32 values (NIST SP 800-38D).
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
SEALED_PREFIX = "sealed:"
FINGERPRINT_PREFIX = "fingerprint:"
FINGERPRINT_BYTES = 16
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class KeyFileError(Exception):
    """The master key file cannot be used; the text says why, without what is in it."""


class SealError(Exception):
    """A value cannot be opened; the text says which and why, without the value."""


class Sealer:
    """The first key seals, every key opens. Holds keys: without a repr of its own, it would show none either."""

    def __init__(self, keys: Mapping[str, bytes], random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise KeyFileError(f"at least one master key is needed, each of {KEY_BYTES} bytes")
        self._keys = dict(keys)
        self._first = next(iter(keys))
        self._random_bytes = random_bytes

    @property
    def key_id(self) -> str:
        """The key that seals."""
        return self._first

    @property
    def key_ids(self) -> frozenset[str]:
        """The keys that open."""
        return frozenset(self._keys)

    def seal(self, path: str, key: str, plaintext: str) -> str:
        """Seal the value that the resource at `path` has under `key`."""
        nonce = self._random_bytes(NONCE_BYTES)
        ciphertext = AESGCM(self._keys[self._first]).encrypt(nonce, plaintext.encode(), _bound_to(path, key))
        return f"{SEALED_PREFIX}v1:{self._first}:{base64.b64encode(nonce + ciphertext).decode()}"

    def open(self, path: str, key: str, sealed: str) -> str:
        """The value.

        Raises:
            SealError: another key, another place, or damaged.
        """
        what = f"the value '{key}' of {path}"
        key_id = sealed_under(sealed)
        if key_id is None:
            raise SealError(f"{what} is not sealed")
        if key_id not in self._keys:
            raise SealError(f"{what} is sealed under the master key '{key_id}', which is not in the master key file")
        try:
            data = base64.b64decode(sealed.rpartition(":")[2], validate=True)
            opened = AESGCM(self._keys[key_id]).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound_to(path, key))
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SealError(f"{what} does not open: damaged, moved, or sealed under another '{key_id}'") from error
        return opened.decode()

    def fingerprint(self, path: str, key: str, sealed: str) -> str:
        """What is shown instead of a sealed value: equal while the value is, and no help in guessing it.

        Raises:
            SealError: as `open`.
        """
        plaintext = self.open(path, key, sealed)
        # Keyed with what is common to all replicas and secret: an unkeyed hash of a short password can be searched.
        secret = hmac.digest(self._keys[sealed_under(sealed) or self._first], b"isthmus fingerprint v1", "sha256")
        digest = hmac.new(secret, _bound_to(path, key) + b"\0" + plaintext.encode(), hashlib.sha256).digest()
        return f"{FINGERPRINT_PREFIX}v1:{digest[:FINGERPRINT_BYTES].hex()}"

    def sign(self, data: bytes) -> str:
        """`<key id>:<hex>`: proves that who has the first key has seen exactly this."""
        return f"{self._first}:{_signature(self._keys[self._first], data)}"

    def is_signed(self, data: bytes, signature: str) -> bool:
        """Whether `sign` of who has one of our keys made it."""
        key_id, _, given = signature.partition(":")
        key = self._keys.get(key_id)
        return key is not None and hmac.compare_digest(given.encode(), _signature(key, data).encode())


def sealed_under(value: str) -> str | None:
    """The id of the key that sealed a value; None: it is not sealed."""
    parts = value.split(":")
    return parts[2] if len(parts) == 4 and parts[:2] == ["sealed", "v1"] else None


def read_key_file(path: Path) -> dict[str, bytes]:
    """Master keys by id, in order: lines of `<key id>:<base64 of 32 bytes>`; empty lines and `#` are passed over.

    Raises:
        KeyFileError: it cannot be read, or a line is no key.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise KeyFileError(f"cannot read the master key file {path}: {reason}") from error
    keys: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        key_id, _, encoded = line.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES or key_id in keys:
            raise KeyFileError(
                f"line {number} of {path} must be a key id of its own, ':' and {KEY_BYTES} bytes in base64"
            )
        keys[key_id] = key
    if not keys:
        raise KeyFileError(f"{path} holds no master key; add a line of a key id, ':' and {KEY_BYTES} bytes in base64")
    return keys


def _signature(key: bytes, data: bytes) -> str:
    return hmac.digest(hmac.digest(key, b"isthmus signature v1", "sha256"), data, "sha256").hex()


def _bound_to(path: str, key: str) -> bytes:
    return f"{path}\0{key}".encode()
