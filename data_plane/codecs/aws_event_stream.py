"""Messages of `application/vnd.amazon.eventstream`, without I/O.

Source: docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html; smithy.io, "Amazon Event Stream Specification".
Of each: its length and that of its headers, their checksum, headers, payload, the checksum of all before.
"""

from collections.abc import Mapping
from functools import lru_cache
from zlib import crc32

from data_plane.codecs.sse import MAX_EVENT_BYTES
from data_plane.errors import BadGateway

PRELUDE_BYTES = 12
OVERHEAD_BYTES = 16
MAX_HEADERS_BYTES = 128 * 1024  # the format's own limit
MAX_KNOWN_BYTES = 256
HeaderValue = bool | int | bytes | str
TRUE, FALSE, BYTES, STRING = 0, 1, 6, 7
INTEGER_BYTES: Mapping[int, int] = {2: 1, 3: 2, 4: 4, 5: 8, 8: 8}  # by type; 8 is a time, in milliseconds
UUID, UUID_BYTES = 9, 16


class EventMessage:
    """`headers`: names as they came, those of the format itself begin with a colon."""

    __slots__ = ("headers", "payload")

    def __init__(self, headers: Mapping[str, HeaderValue], payload: bytes) -> None:
        self.headers = headers
        self.payload = payload


class MessageSplitter:
    """Cuts a stream into messages, so that joining them gives the stream again."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that end in `data`. Their own checksums are not looked at here.

        Raises:
            BadGateway: where a message should begin, none does, or it is too long.
        """
        if self._rest:
            data = self._rest + data
        messages: list[bytes] = []
        start = 0
        while len(data) - start >= PRELUDE_BYTES:
            end = start + _length(data, start)
            if end > len(data):
                break
            messages.append(data[start:end])
            start = end
        self._rest = data[start:]
        return messages

    def close(self) -> list[bytes]:
        """What is left when the stream ends: a message that was cut short, if anything."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def read_message(message: bytes) -> EventMessage:
    """A whole message.

    Raises:
        BadGateway: it is damaged.
    """
    if len(message) < OVERHEAD_BYTES or _length(message, 0) != len(message):
        raise _damaged("a message was cut short")
    end = len(message) - 4
    if crc32(memoryview(message)[:end]) != int.from_bytes(message[end:], "big"):
        raise _damaged("the checksum of a message is wrong")
    start = PRELUDE_BYTES + int.from_bytes(message[4:8], "big")
    block = message[PRELUDE_BYTES:start]
    try:
        headers = _read_known(block) if len(block) <= MAX_KNOWN_BYTES else _read_headers(block)
    except UnicodeDecodeError:
        raise _damaged("a header is no UTF-8") from None
    return EventMessage(headers, message[start:end])


def _length(data: bytes, start: int) -> int:
    """Of the message that begins there, if its prelude is sound."""
    total = int.from_bytes(data[start : start + 4], "big")
    of_headers = int.from_bytes(data[start + 4 : start + 8], "big")
    checksum = int.from_bytes(data[start + 8 : start + 12], "big")
    if crc32(data[start : start + 8]) != checksum:
        raise _damaged("the checksum of a prelude is wrong")
    if total > MAX_EVENT_BYTES or of_headers > MAX_HEADERS_BYTES:
        raise BadGateway(f"the upstream sent an event of more than {MAX_EVENT_BYTES} bytes")
    if total < OVERHEAD_BYTES + of_headers:
        raise _damaged("a message is shorter than its headers")
    return total


@lru_cache(maxsize=64)
def _read_known(block: bytes) -> Mapping[str, HeaderValue]:
    """Nearly all events of a stream have the same headers, whose reading takes longer than all else."""
    return _read_headers(block)


def _read_headers(block: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at, end = 0, len(block)
    while at < end:
        value_at = at + 1 + block[at]
        if value_at >= end:
            raise _damaged("a header was cut short")
        name = block[at + 1 : value_at].decode()
        kind = block[value_at]
        if kind <= FALSE:
            headers[name], at = kind == TRUE, value_at + 1
            continue
        first = value_at + 1
        if kind in (STRING, BYTES):
            first += 2
        at = first + _value_bytes(kind, block, value_at + 1)
        if at > end:
            raise _damaged("a header was cut short")
        headers[name] = _value(kind, block[first:at])
    return headers


def _value_bytes(kind: int, block: bytes, at: int) -> int:
    if kind in (STRING, BYTES):
        return int.from_bytes(block[at : at + 2], "big")
    if kind == UUID:
        return UUID_BYTES
    size = INTEGER_BYTES.get(kind)
    if size is None:
        raise _damaged("a header is of an unknown type")
    return size


def _value(kind: int, value: bytes) -> HeaderValue:
    if kind == STRING:
        return value.decode()
    if kind in (BYTES, UUID):
        return value
    return int.from_bytes(value, "big", signed=True)


def _damaged(what: str) -> BadGateway:
    return BadGateway(f"the upstream's event stream is damaged: {what}")
