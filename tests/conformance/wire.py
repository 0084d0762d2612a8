"""HTTP/1.1 as strictly as it can be read, for both ends of the gateway: what is not exactly so is a fault of its.

It shares no code with the gateway, and takes only what a careful writer writes: one space after colons or none, chunk
sizes in lower case without extensions, no trailers. Source: RFC 9112.
"""

import asyncio
import re
from dataclasses import dataclass, field

FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)")
REQUEST_LINE = re.compile(rb"([A-Z-]+) (/[\x21-\x7e]*) HTTP/1\.1")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9][0-9]{2}) [\t\x20-\x7e\x80-\xff]*")
LENGTH = re.compile(rb"0|[1-9][0-9]*")
CHUNK_SIZE = re.compile(rb"(0|[1-9a-f][0-9a-f]*)\r\n")


class Malformed(Exception):
    """Bytes that no two servers need to read alike."""


class CutShort(Exception):
    """The sender closed amid a message. `body`: what came of one."""

    def __init__(self, where: str, body: bytes = b"") -> None:
        super().__init__(where)
        self.body = body


@dataclass(slots=True)
class Head:
    start: tuple[bytes, ...]
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)

    def values(self, name: bytes) -> list[bytes]:
        return [value for each, value in self.fields if each.lower() == name]

    @property
    def status(self) -> int:
        return int(self.start[0])


async def read_head(reader: asyncio.StreamReader, start: re.Pattern[bytes]) -> Head | None:
    """The next head; None if the sender has closed between two messages.

    Raises:
        Malformed, CutShort: see there.
    """
    try:
        lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise CutShort(repr(error.partial[-200:])) from None
        return None
    first = start.fullmatch(lines[0])
    if first is None:
        raise Malformed(f"start line {lines[0]!r}")
    head = Head(first.groups())
    for line in lines[1:]:
        match = FIELD.fullmatch(line)
        if match is None:
            raise Malformed(f"field line {line!r}")
        head.fields.append((match[1], match[2]))
    return head


async def read_body(reader: asyncio.StreamReader, head: Head, into: bytearray, *, until_close: bool = False) -> None:
    """Read the body of a head; `into` holds what came even if it was cut short.

    Raises:
        Malformed, CutShort: see there.
    """
    lengths, codings = head.values(b"content-length"), head.values(b"transfer-encoding")
    try:
        if codings:
            if codings != [b"chunked"] or lengths:
                raise Malformed(f"codings {codings}, lengths {lengths}")
            await _read_chunks(reader, into)
        elif lengths:
            if len(lengths) > 1 or LENGTH.fullmatch(lengths[0]) is None:
                raise Malformed(f"lengths {lengths}")
            await _read_exactly(reader, int(lengths[0]), into)
        elif until_close:
            into += await reader.read()
    except asyncio.IncompleteReadError as error:
        into += error.partial
        raise CutShort(f"{len(into)} bytes of a body", bytes(into)) from None


async def _read_chunks(reader: asyncio.StreamReader, into: bytearray) -> None:
    while True:
        line = await reader.readuntil(b"\r\n")
        match = CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise Malformed(f"chunk size {line!r}")
        size = int(match[1], 16)
        await _read_exactly(reader, size, into)
        end = await reader.readexactly(2)
        if end != b"\r\n":
            raise Malformed(f"{end!r} after a chunk")
        if size == 0:
            return


async def _read_exactly(reader: asyncio.StreamReader, size: int, into: bytearray) -> None:
    while size:
        piece = await reader.read(min(size, 1 << 16))
        if not piece:
            raise asyncio.IncompleteReadError(b"", size)
        into += piece
        size -= len(piece)
