"""The file of one Gateway's configuration that only its replicas can open: last good files and bootstrap snapshots.

A line of JSON (the header), then chunks: a length in four bytes, AES-256-GCM. Each file has a key of its own, derived
from the replica group's key and a random salt, so the chunk's number serves as nonce. The associated data is the
header, for whom the file is (gateway and schema version) and whether the chunk is the last: a file that was cut,
joined, or made for another gateway or schema does not open. The cipher itself is passed in: this is what both planes
must agree on.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

FORMAT = "isthmus-last-good/1"
KEY_BYTES = 32
SALT_BYTES = 32
CHUNK_BYTES = 256 * 1024
MAX_CHUNK_BYTES = 16 * 1024 * 1024  # one resource may be larger than a chunk should be
MAX_HEADER_BYTES = 4096
TAG_BYTES = 16
MAX_KEYS = 2  # for rotation


class Cipher(Protocol):
    """AES-256-GCM under one key, as `cryptography` has it."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """The ciphertext with its tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """The plain text; raises if anything was changed."""


class KeysUnusable(Exception):
    """The text holds no keys; the message says what it must hold, without its content."""


class Unusable(Exception):
    """Why a file cannot be used."""


@dataclass(frozen=True, slots=True)
class Header:
    """What can be read without the key. Files of the first release do not say `gateway` and `schema_version`."""

    key_id: str
    salt: bytes
    epoch: str
    revision: int
    content_hash: bytes
    gateway: str | None = None
    schema_version: int | None = None


def parse_keys(text: str) -> tuple[bytes, ...]:
    """One or two keys of 32 bytes, base64, a line each: the first seals, all open.

    Raises:
        KeysUnusable: it is something else.
    """
    try:
        keys = tuple(base64.b64decode(line.strip(), validate=True) for line in text.splitlines() if line.strip())
    except binascii.Error as error:
        raise KeysUnusable("must hold one or two lines of base64") from error
    if not 1 <= len(keys) <= MAX_KEYS or any(len(key) != KEY_BYTES for key in keys):
        raise KeysUnusable(f"must hold one or two keys of {KEY_BYTES} bytes in base64, a line each")
    return keys


def key_id(key: bytes) -> str:
    """Tells keys apart without saying anything about them."""
    return hashlib.sha256(b"isthmus key id\0" + key).hexdigest()[:16]


def file_key(key: bytes, salt: bytes) -> bytes:
    """The key of one file. Source: RFC 5869 (HKDF), with SHA-256; one block is as long as the key."""
    extracted = hmac.digest(salt, key, "sha256")
    return hmac.digest(extracted, FORMAT.encode() + b"\x01", "sha256")


def write_snapshot(
    header: Header, gateway: str, schema_version: int, cipher: Cipher, payloads: Iterable[tuple[str, bytes]]
) -> Iterator[bytes]:
    """The file, in pieces. `cipher` is that of `file_key`; the payloads have the header's content hash."""
    line = _encode_header(header)
    yield line + b"\n"
    number = 0
    for chunk in pack(payloads):
        associated = _associated(line, gateway, schema_version, last=False)
        yield _framed(cipher.encrypt(_nonce(number), chunk, associated))
        number += 1
    yield _framed(cipher.encrypt(_nonce(number), b"", _associated(line, gateway, schema_version, last=True)))


def read_header(file: BinaryIO) -> tuple[Header, bytes]:
    """The header, parsed and as it stands there.

    Raises:
        Unusable: it is none.
    """
    line = file.readline(MAX_HEADER_BYTES)
    return _parse_header(line), line.rstrip(b"\n")


def read_chunks(file: BinaryIO, associated: Callable[[bool], bytes], cipher: Cipher) -> Iterator[bytes]:
    """The opened chunks that follow the header; `associated` as `associated_data` gives it. What the cipher raises for
    damaged text goes through.

    Raises:
        Unusable: the file is cut short, or goes on behind its end.
    """
    number = 0
    while True:
        length = int.from_bytes(_read_exactly(file, 4), "big")
        if not TAG_BYTES <= length <= MAX_CHUNK_BYTES:
            raise Unusable("it is damaged")
        sealed = _read_exactly(file, length)
        last = length == TAG_BYTES  # only the end is empty
        chunk = cipher.decrypt(_nonce(number), sealed, associated(last))
        if last:
            break
        yield chunk
        number += 1
    if file.read(1):
        raise Unusable("something follows its end")


def associated_data(header_line: bytes, gateway: str, schema_version: int) -> Callable[[bool], bytes]:
    """What binds a chunk to its file and its readers; the argument says whether it is the last."""
    return lambda last: _associated(header_line, gateway, schema_version, last=last)


def pack(records: Iterable[tuple[str, bytes]], chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Records (name and payload, each after its length in four bytes) in chunks, never empty, never across chunks."""
    parts: list[bytes] = []
    size = 0
    for path, payload in records:
        name = path.encode()
        parts += (len(name).to_bytes(4, "big"), name, len(payload).to_bytes(4, "big"), payload)
        size += 8 + len(name) + len(payload)
        if size >= chunk_bytes:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


def unpack(chunk: bytes) -> Iterator[tuple[str, bytes]]:
    """The records of a chunk."""
    at = 0
    while at < len(chunk):
        name, at = _take(chunk, at)
        payload, at = _take(chunk, at)
        yield name.decode(), payload


def _take(chunk: bytes, at: int) -> tuple[bytes, int]:
    start = at + 4
    end = start + int.from_bytes(chunk[at:start], "big")
    if end > len(chunk):
        raise Unusable("a record does not end")
    return chunk[start:end], end


def _encode_header(header: Header) -> bytes:
    return json.dumps(
        {
            "format": FORMAT,
            "key": header.key_id,
            "salt": header.salt.hex(),
            "epoch": header.epoch,
            "revision": header.revision,
            "contentHash": header.content_hash.hex(),
            "gateway": header.gateway,
            "schemaVersion": header.schema_version,
        }
    ).encode()


def _parse_header(line: bytes) -> Header:
    if not line:
        raise Unusable("it is empty")
    try:
        match json.loads(line):
            case {
                "format": str(format_name),
                "key": str(key),
                "salt": str(salt),
                "epoch": str(epoch),
                "revision": int(revision),
                "contentHash": str(content_hash),
                **more,
            }:
                if format_name != FORMAT:
                    raise Unusable(f"its format is not '{FORMAT}'")
                gateway, version = more.get("gateway"), more.get("schemaVersion")
                return Header(
                    key,
                    bytes.fromhex(salt),
                    epoch,
                    revision,
                    bytes.fromhex(content_hash),
                    gateway if isinstance(gateway, str) else None,
                    version if isinstance(version, int) else None,
                )
    except (ValueError, RecursionError) as error:
        raise Unusable("its header is damaged") from error
    raise Unusable("its header is damaged")


def _framed(sealed: bytes) -> bytes:
    return len(sealed).to_bytes(4, "big") + sealed


def _read_exactly(file: BinaryIO, length: int) -> bytes:
    content = file.read(length)
    if len(content) < length:
        raise Unusable("it is cut short")
    return content


def _associated(header_line: bytes, gateway: str, schema_version: int, *, last: bool) -> bytes:
    return b"%b\0%b\0%b" % (header_line, f"{gateway}\0{schema_version}".encode(), b"last" if last else b"more")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
