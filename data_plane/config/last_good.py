"""The last accepted configuration on disk, encrypted: what a replica serves when no control plane can be reached.

A line of JSON (the header), then chunks: a length in four bytes, AES-256-GCM. Each file has a key of its own, derived
from the replica group's key and a random salt, so the chunk's number serves as nonce. The associated data is the
header, what the reader expects (gateway and schema version) and whether the chunk is the last: a file that was cut,
joined, or made for another gateway or schema does not open.
"""

import base64
import binascii
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from data_plane.config.resource_set import Payload, Position, ResourceSet

FORMAT = "isthmus-last-good/1"
KEY_BYTES = 32
SALT_BYTES = 32
CHUNK_BYTES = 256 * 1024
MAX_CHUNK_BYTES = 16 * 1024 * 1024  # one resource may be larger than a chunk should be
MAX_HEADER_BYTES = 4096
TAG_BYTES = 16

logger = logging.getLogger(__name__)


class KeyFileError(Exception):
    """The key file cannot be used; the text says why, without its content."""


class _Unusable(Exception):
    """Why a file is ignored."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What is to be written: a copy, which no one changes."""

    position: Position
    content_hash: bytes
    payloads: Mapping[str, bytes]

    @classmethod
    def of(cls, resources: ResourceSet) -> "Saved":
        return cls(resources.position, resources.content_hash, dict(resources.payloads))


def read_keys(file: Path) -> tuple[bytes, ...]:
    """One or two keys of 32 bytes, base64, a line each: the first encrypts, all decrypt.

    Raises:
        KeyFileError: the file cannot be read or holds something else.
    """
    try:
        lines = [line.strip() for line in file.read_text("ascii").splitlines() if line.strip()]
        keys = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise KeyFileError(f"'{file}' must hold one or two lines of base64: {type(error).__name__}") from error
    if not 1 <= len(keys) <= 2 or any(len(key) != KEY_BYTES for key in keys):
        raise KeyFileError(f"'{file}' must hold one or two keys of {KEY_BYTES} bytes in base64, a line each")
    return keys


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
        self._expected = f"{gateway}\0{schema_version}".encode()
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
        """What was saved; None, with one line in the log, if that cannot be used. No file: None."""
        try:
            with self._path.open("rb") as file:
                resources = self._read(file)
        except FileNotFoundError:
            return None
        except (OSError, _Unusable) as error:
            logger.warning("last_good_ignored file=%s reason=%r", self._path, str(error))
            return None
        return resources

    def _write(self, file: BinaryIO, saved: Saved) -> None:
        salt = self._random_bytes(SALT_BYTES)
        header = json.dumps(
            {
                "format": FORMAT,
                "key": _key_id(self._keys[0]),
                "salt": salt.hex(),
                "epoch": saved.position.epoch,
                "revision": saved.position.revision,
                "contentHash": saved.content_hash.hex(),
            }
        ).encode()
        file.write(header + b"\n")
        cipher = _cipher(self._keys[0], salt)
        number = 0
        for chunk in _chunks(saved.payloads):
            self._write_chunk(file, cipher.encrypt(_nonce(number), chunk, self._associated(header, last=False)))
            number += 1
        self._write_chunk(file, cipher.encrypt(_nonce(number), b"", self._associated(header, last=True)))

    @staticmethod
    def _write_chunk(file: BinaryIO, sealed: bytes) -> None:
        file.write(len(sealed).to_bytes(4, "big"))
        file.write(sealed)

    def _read(self, file: BinaryIO) -> ResourceSet:
        line = file.readline(MAX_HEADER_BYTES)
        header = _parse_header(line)
        key = next((key for key in self._keys if _key_id(key) == header.key_id), None)
        if key is None:
            raise _Unusable("it is encrypted under a key that is not in the key file")
        payloads: dict[str, Payload] = {}
        for chunk in self._open_chunks(file, line.rstrip(b"\n"), _cipher(key, header.salt)):
            _take_records(chunk, payloads)
        resources = ResourceSet()
        resources.apply(payloads, header.position)
        if resources.content_hash != header.content_hash:
            raise _Unusable("its resources do not give its content hash")
        return resources

    def _open_chunks(self, file: BinaryIO, header: bytes, cipher: AESGCM) -> Iterator[bytes]:
        number = 0
        while True:
            length = int.from_bytes(_read_exactly(file, 4), "big")
            if not TAG_BYTES <= length <= MAX_CHUNK_BYTES:
                raise _Unusable("it is damaged")
            sealed = _read_exactly(file, length)
            last = length == TAG_BYTES  # only the end is empty
            try:
                chunk = cipher.decrypt(_nonce(number), sealed, self._associated(header, last=last))
            except InvalidTag as error:
                raise _Unusable("it is damaged, or of another gateway or schema version") from error
            if last:
                break
            yield chunk
            number += 1
        if file.read(1):
            raise _Unusable("something follows its end")

    def _associated(self, header: bytes, *, last: bool) -> bytes:
        return b"%b\0%b\0%b" % (header, self._expected, b"last" if last else b"more")


@dataclass(frozen=True, slots=True)
class _Header:
    key_id: str
    salt: bytes
    position: Position
    content_hash: bytes


def _parse_header(line: bytes) -> _Header:
    if not line:
        raise _Unusable("it is empty")
    try:
        match json.loads(line):
            case {
                "format": str(format_name),
                "key": str(key_id),
                "salt": str(salt),
                "epoch": str(epoch),
                "revision": int(revision),
                "contentHash": str(content_hash),
            }:
                if format_name != FORMAT:
                    raise _Unusable(f"its format is not '{FORMAT}'")
                position = Position(epoch, revision)
                return _Header(key_id, bytes.fromhex(salt), position, bytes.fromhex(content_hash))
    except (ValueError, RecursionError) as error:
        raise _Unusable("its header is damaged") from error
    raise _Unusable("its header is damaged")


def _chunks(payloads: Mapping[str, bytes]) -> Iterator[bytes]:
    """Records (path and payload, each after its length in four bytes), never empty, never across chunks."""
    parts: list[bytes] = []
    size = 0
    for path, payload in payloads.items():
        name = path.encode()
        parts += (len(name).to_bytes(4, "big"), name, len(payload).to_bytes(4, "big"), payload)
        size += 8 + len(name) + len(payload)
        if size >= CHUNK_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


def _take_records(chunk: bytes, payloads: dict[str, Payload]) -> None:
    at = 0
    while at < len(chunk):
        name, at = _take(chunk, at)
        payload, at = _take(chunk, at)
        path = name.decode()
        payloads[path] = Payload.of(path, payload)


def _take(chunk: bytes, at: int) -> tuple[bytes, int]:
    start = at + 4
    end = start + int.from_bytes(chunk[at:start], "big")
    return chunk[start:end], end


def _read_exactly(file: BinaryIO, length: int) -> bytes:
    content = file.read(length)
    if len(content) < length:
        raise _Unusable("it is cut short")
    return content


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, FORMAT.encode()).derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _key_id(key: bytes) -> str:
    """Tells keys apart without saying anything about them."""
    return hashlib.sha256(b"isthmus key id\0" + key).hexdigest()[:16]


def _sync_folder(folder: Path) -> None:
    """So that the rename itself survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
