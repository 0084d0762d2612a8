"""What a gateway needs of WebSocket, whose frames it relays unread. Source: RFC 6455, sections 1.3, 5.2 and 7.4."""

import base64
import hashlib

WEBSOCKET = b"websocket"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
GOING_AWAY, POLICY_VIOLATION, TOO_BIG, UNEXPECTED = 1001, 1008, 1009, 1011
MAX_REASON_BYTES = 123  # what a control frame leaves for it
SHORT, LONG = 126, 127  # lengths that say how many bytes of length follow
MASKED = 0x80


def accept_of(key: bytes) -> bytes:
    """What a server answers to `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())


def close_frame(code: int, reason: bytes) -> bytes:
    """The last frame of a server. `reason`: at most `MAX_REASON_BYTES` of UTF-8."""
    return b"\x88" + bytes((2 + len(reason),)) + code.to_bytes(2, "big") + reason


class FrameBoundary:
    """Knows whether a frame has just ended: only there may another frame be put in."""

    __slots__ = ("_begun", "_left")

    def __init__(self) -> None:
        self._begun = b""  # of a frame's head
        self._left = 0  # of a frame's payload

    @property
    def is_here(self) -> bool:
        return not self._begun and not self._left

    def feed(self, data: bytes) -> None:
        """Take bytes of the stream, in any pieces."""
        data = self._begun + data
        self._begun = b""
        at, size = 0, len(data)
        while at < size:
            if self._left:
                step = min(self._left, size - at)
                self._left -= step
                at += step
                continue
            end = _end_of_head(data, at)
            if end > size:
                self._begun = data[at:]
                return
            self._left = _payload_bytes(data, at)
            at = end


def _end_of_head(data: bytes, at: int) -> int:
    """Where the head of a frame ends; beyond the data if it is not whole."""
    if len(data) < at + 2:
        return at + 2
    second = data[at + 1]
    extended = {SHORT: 2, LONG: 8}.get(second & 0x7F, 0)
    return at + 2 + extended + (4 if second & MASKED else 0)


def _payload_bytes(data: bytes, at: int) -> int:
    length = data[at + 1] & 0x7F
    if length == SHORT:
        return int.from_bytes(data[at + 2 : at + 4], "big")
    if length == LONG:
        return int.from_bytes(data[at + 2 : at + 10], "big")
    return length
