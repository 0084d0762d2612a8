"""The backup file: a line of JSON, then chunks of records by section, then a summary with the checksum of all before.

A chunk is its section in one byte, its length in four, and records compressed by zlib (RFC 1950). Keys are written
without the store's prefix. Values stand as the store has them: of Secrets sealed, of API keys and admin tokens hashes.
The summary is a chunk of section 0 with three lines: the SHA-256 of all before it and of the second line, in hex; JSON;
the signature of the first line under a master key, since whoever could change hashes of tokens would be an admin after
a restore. Nothing follows it.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, BinaryIO

from config_schemas.sealed_snapshot import Unusable, pack, unpack

FORMAT = "isthmus-backup/1"
MEDIA_TYPE = "application/vnd.isthmus.backup"
MAX_HEADER_BYTES = 64 * 1024
MAX_CHUNK_BYTES = 1536 * 1024  # compressed: a value that etcd takes, with its key
MAX_OPENED_BYTES = 8 * 1024 * 1024
HEAD_BYTES = 5
ID = re.compile(r"[0-9a-f]{16}")


class Section(IntEnum):
    """What a chunk holds, in the order in which they lie in the file."""

    SUMMARY = 0
    SYSTEM = 1
    TOKENS = 2
    HISTORY = 3
    AUDIT = 4
    RESOURCES = 5


class NoBackup(Exception):
    """The file is no backup that can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where a backup comes from. `id` names it; `sections` are those that were asked for."""

    id: str
    created_at: str
    epoch: str
    revision: int
    schema_version: int
    release: str
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Records by section, and the ids of the master keys that its Secrets are sealed under."""

    counts: Mapping[str, int]
    master_keys: tuple[str, ...]
    checksum: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one section, compressed."""

    section: Section
    data: bytes = field(repr=False)

    def records(self) -> Iterator[tuple[str, bytes]]:
        """Keys and values.

        Raises:
            NoBackup: it is damaged.
        """
        inflate = zlib.decompressobj()
        try:
            opened = inflate.decompress(self.data, MAX_OPENED_BYTES)
            if not inflate.eof or inflate.unused_data:
                raise NoBackup("a chunk is damaged")
            yield from unpack(opened)
        except (zlib.error, Unusable, UnicodeDecodeError) as error:
            raise NoBackup("a chunk is damaged") from error


class Writer:
    """Makes the pieces of a file, in order: `begin`, any number of `chunks`, `end`."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.counts: dict[str, int] = {}

    def begin(self, header: Header) -> bytes:
        document = {
            "format": FORMAT,
            "id": header.id,
            "createdAt": header.created_at,
            "epoch": header.epoch,
            "revision": header.revision,
            "schemaVersion": header.schema_version,
            "release": header.release,
            "sections": header.sections,
        }
        return self._counted(json.dumps(document).encode() + b"\n")

    def chunks(self, section: Section, records: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
        """One page of a section; sections in order."""
        name = section.name.lower()
        self.counts.setdefault(name, 0)
        for packed in pack(self._count(name, records)):
            yield self._counted(_framed(section, zlib.compress(packed)))

    def end(self, master_keys: Iterable[str], sign: Callable[[bytes], str]) -> bytes:
        text = json.dumps({"counts": self.counts, "masterKeys": sorted(master_keys)}).encode()
        self._hash.update(text)
        checksum = self._hash.hexdigest().encode()
        return _framed(Section.SUMMARY, b"\n".join((checksum, text, sign(checksum).encode())))

    def _count(self, name: str, records: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for record in records:
            self.counts[name] += 1
            yield record

    def _counted(self, piece: bytes) -> bytes:
        self._hash.update(piece)
        return piece


class Reader:
    """Reads a file once, from its beginning. Blocks.

    Raises:
        NoBackup: it does not begin like a backup of this format.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.summary: Summary | None = None  # once all chunks are read
        line = file.readline(MAX_HEADER_BYTES)
        self._hash.update(line)
        self.header = _parse_header(line)

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, in order. At the end the summary has come and its checksum is right.

        Raises:
            NoBackup: it is cut short or damaged.
        """
        previous = Section.SUMMARY
        while True:
            head = _read_exactly(self._file, HEAD_BYTES)
            length = int.from_bytes(head[1:], "big")
            if head[0] not in set(Section) or length > MAX_CHUNK_BYTES:
                raise NoBackup("it is damaged")
            section, data = Section(head[0]), _read_exactly(self._file, length)
            if section is Section.SUMMARY:
                break
            if section < previous:
                raise NoBackup("it is damaged")
            previous = section
            self._hash.update(head + data)
            yield Chunk(section, data)
        checksum, text, signature, *_ = (*data.split(b"\n"), b"", b"")
        self._hash.update(text)
        if checksum != self._hash.hexdigest().encode():
            raise NoBackup("its checksum is wrong: it is damaged")
        self.summary = _parse_summary(text, checksum, signature)
        if self._file.read(1):
            raise NoBackup("something follows its end")


def check(file: BinaryIO) -> tuple[Header, Summary]:
    """Read a whole file for its checksum alone. Blocks.

    Raises:
        NoBackup: it is damaged.
    """
    reader = Reader(file)
    for _ in reader.chunks():
        pass
    if reader.summary is None:
        raise NoBackup("it is cut short")
    return reader.header, reader.summary


def _parse_header(line: bytes) -> Header:
    try:
        match json.loads(line):
            case {"format": str(format_name)} if format_name != FORMAT:
                raise NoBackup(f"it has the format '{format_name[:64]}', not '{FORMAT}'")
            case {
                "id": str(id),
                "createdAt": str(created_at),
                "epoch": str(epoch),
                "revision": int(revision),
                "schemaVersion": int(schema_version),
                "release": str(release),
                "sections": list(sections),
            } if line.endswith(b"\n") and ID.fullmatch(id):
                return Header(id, created_at, epoch, revision, schema_version, release, tuple(map(str, sections)))
    except (ValueError, RecursionError) as error:
        raise NoBackup("it does not begin like a backup") from error
    raise NoBackup("it does not begin like a backup")


def _parse_summary(text: bytes, checksum: bytes, signature: bytes) -> Summary:
    try:
        document: Any = json.loads(text)
        counts = {str(name): int(count) for name, count in document["counts"].items()}
        return Summary(counts, tuple(map(str, document["masterKeys"])), checksum, signature.decode())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NoBackup("its summary is damaged") from error


def _framed(section: Section, data: bytes) -> bytes:
    return bytes([section]) + len(data).to_bytes(HEAD_BYTES - 1, "big") + data


def _read_exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise NoBackup("it is cut short")
    return data
