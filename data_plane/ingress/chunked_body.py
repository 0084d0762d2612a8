"""Chunked request bodies, read strictly and within bounds. Source: RFC 9112, section 7.1.

Extensions are checked and dropped, trailers too: nobody could tell them from what the head says.
"""

import re

from data_plane.errors import BadRequest, BodyTooLarge
from data_plane.ingress.bounds import Limits

MAX_EXTENSION_BYTES = 256  # of one chunk
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_EXTENSIONS = rb"(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb'|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*'
match_size_line = re.compile(rb"([0-9A-Fa-f]{1,16})(" + _EXTENSIONS + rb")\r\n").match
match_size_begun = re.compile(rb"[0-9A-Fa-f]{1,16}(?:;[^\r\n]*)?\r?").fullmatch
match_trailer = re.compile(rb"(" + _TOKEN + rb"):[\t -~\x80-\xff]*").fullmatch
FRAMING_FIELDS = frozenset((b"content-length", b"transfer-encoding"))
MAX_LINE_BYTES = 16 + MAX_EXTENSION_BYTES + 2


class ChunkedBody:
    """One body being read. `is_complete` once its trailers have ended."""

    __slots__ = (
        "_body_bytes",
        "_chunks",
        "_extension_bytes",
        "_in_trailers",
        "_left",
        "_limits",
        "_line",
        "_trailer_bytes",
        "is_complete",
    )

    def __init__(self, limits: Limits) -> None:
        self.is_complete = False
        self._limits = limits
        self._line = b""  # of a line of framing, what came in earlier reads
        self._left = 0  # of the current chunk; from -1 on, of the CRLF behind it
        self._in_trailers = False
        self._body_bytes = self._chunks = self._extension_bytes = self._trailer_bytes = 0

    def feed(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Take bytes from `at` on, and append those of the body to `pieces`; where the body ends, or the data.

        Raises:
            GatewayError: what came is no chunked body, or more than it may be.
        """
        if self._line:
            data, at, taken = self._line + data[at:], 0, at - len(self._line)
            self._line = b""
        else:
            taken = 0
        end = len(data)
        while at < end and not self.is_complete:
            if self._in_trailers:
                at = self._read_trailer(data, at)
            elif self._left > 0:
                at = self._read_data(data, at, pieces)
            elif self._left < 0:
                at = self._read_data_end(data, at)
            else:
                at = self._read_size(data, at)
        return at + taken

    def _read_size(self, data: bytes, at: int) -> int:
        match = match_size_line(data, at)
        if match is None:
            return self._keep_size_line(data, at)
        digits, extensions = match.groups()
        if extensions:
            self._count_extensions(len(extensions))
        size = int(digits, 16)
        if size == 0:
            self._in_trailers = True
            return match.end()
        self._chunks += 1
        self._body_bytes += size
        limits = self._limits
        if self._body_bytes > limits.body_bytes:
            raise BodyTooLarge(f"a request body may have {limits.body_bytes} bytes")
        if self._chunks > limits.chunk_count:
            raise BadRequest(f"a request body may have {limits.chunk_count} chunks; send larger ones")
        self._left = size
        return match.end()

    def _keep_size_line(self, data: bytes, at: int) -> int:
        line = data[at : at + MAX_LINE_BYTES + 1]
        if len(line) > MAX_LINE_BYTES or not match_size_begun(line):
            raise BadRequest("malformed chunk size, or a chunk extension that is too long")
        self._line = line
        return len(data)

    def _count_extensions(self, size: int) -> None:
        self._extension_bytes += size
        if size > MAX_EXTENSION_BYTES or self._extension_bytes > self._limits.extension_bytes:
            raise BadRequest(f"chunk extensions may have {MAX_EXTENSION_BYTES} bytes, and few in all")

    def _read_data(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        end = at + self._left
        piece = data[at:end]
        pieces.append(piece)
        self._left -= len(piece)
        if self._left:
            return len(data)
        if data.startswith(b"\r\n", end):
            return end + 2
        self._left = -2
        return end

    def _read_data_end(self, data: bytes, at: int) -> int:
        if data[at] != b"\r\n"[self._left]:
            raise BadRequest("a chunk is longer than its size says")
        self._left += 1
        return at + 1

    def _read_trailer(self, data: bytes, at: int) -> int:
        end = data.find(b"\r\n", at)
        line = data[at:] if end < 0 else data[at:end]
        if self._trailer_bytes + len(line.removesuffix(b"\r")) > self._limits.trailer_bytes:
            raise BadRequest(f"trailers may have {self._limits.trailer_bytes} bytes")
        if end < 0:
            if b"\n" in line or b"\r" in line[:-1]:
                raise BadRequest("malformed trailer")
            self._line = line
            return len(data)
        if not line:
            self.is_complete = True
            return end + 2
        match = match_trailer(line)
        if match is None or match[1].lower() in FRAMING_FIELDS:
            raise BadRequest("malformed trailer, or one that may not be a trailer")
        self._trailer_bytes += len(line) + 2
        return end + 2
