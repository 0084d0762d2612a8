"""Bodies with a content coding, inflated within bounds. Sources: RFC 1950 to 1952, RFC 8878, RFC 9110 8.4, RFC 9659."""

import zlib
from typing import Protocol

import zstandard

CODINGS = frozenset((b"gzip", b"x-gzip", b"deflate", b"zstd"))
IDENTITY = b"identity"
MAX_RATIO = 200  # of text that repeats itself a lot; Apache's limit, too. A bomb has 1,000 and more
RATIO_FREE_BYTES = 1 << 20  # inflated, below which no ratio is asked for: small bodies may well repeat themselves
ZSTD_WINDOW_BYTES = 8 << 20  # RFC 9659: what every reader has to take, and no more
# Four bytes of zstd say 128 KiB, and the library does not stop within what it was given.
ZSTD_RATIO = 1 << 15
ZSTD_MIN_SLICE = 64

GZIP, ZLIB, RAW = 31, 15, -15  # zlib's `wbits`


class InflateError(Exception):
    """The body cannot be inflated. The text is fit for whoever sent it."""


class UnknownCoding(InflateError):
    """Nobody here reads this coding, or several at once."""


class InflatesTooFar(InflateError):
    """It has more bytes than allowed, or more for each byte sent."""


class NotInflatable(InflateError):
    """It is not what its coding says, or ends too early."""


class Engine(Protocol):
    """One coding's, for one body."""

    def inflate(self, data: bytes, limit: int) -> tuple[bytes, bytes]:
        """Output, and the input that is left. Output may exceed `limit`, by little; with input left it is not all."""

    @property
    def is_whole(self) -> bool:
        """Whether the body may end here."""


class Inflater:
    """One body's. `feed` may be called with pieces of any size."""

    __slots__ = ("_coding", "_engine", "_left", "_max_ratio", "_read", "_written")

    def __init__(self, coding: bytes, max_bytes: int, max_ratio: int = MAX_RATIO) -> None:
        """`coding`: the value of `content-encoding`; `max_bytes`: of the inflated body.

        Raises:
            UnknownCoding: it is none of `CODINGS`.
        """
        self._coding = coding.strip().lower()
        if self._coding not in CODINGS:
            raise UnknownCoding(f"content is read with gzip, deflate or zstd, not with '{_shown(coding)}'")
        self._engine: Engine | None = None  # made when its first bytes are there
        self._left = max_bytes
        self._max_ratio = max_ratio
        self._read = 0
        self._written = 0

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what they inflate to.

        Raises:
            InflatesTooFar: a bound is passed. Memory never is, by more than a fraction.
            NotInflatable: these bytes are not of the coding.
        """
        if not data:
            return b""
        if self._engine is None:
            self._engine = _engine(self._coding, data)
        self._read += len(data)
        allowed = max(RATIO_FREE_BYTES, self._read * self._max_ratio) - self._written
        # What was sent before earns no leave to burst: the output of one piece is in memory at once.
        allowed = min(allowed, max(RATIO_FREE_BYTES, len(data) * self._max_ratio))
        pieces = []
        try:
            while data:
                limit = min(self._left, allowed)
                piece, data = self._engine.inflate(data, limit + 1)
                self._left -= len(piece)
                allowed -= len(piece)
                self._written += len(piece)
                if self._left < 0:
                    raise InflatesTooFar("the inflated body is too large")
                if allowed < 0:
                    raise InflatesTooFar(f"the body inflates to more than {self._max_ratio} times its size")
                if piece:
                    pieces.append(piece)
        except (zlib.error, zstandard.ZstdError):
            raise NotInflatable(f"the body is not valid {self._coding.decode()}") from None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def is_whole(self) -> bool:
        """Whether the body may end here. An empty body is one of every coding."""
        return self._engine is None or self._engine.is_whole

    def close(self) -> bytes:
        """Say that the body ends; return what was held back.

        Raises:
            NotInflatable: more was to come.
        """
        if not self.is_whole:
            raise NotInflatable(f"the {self._coding.decode()} body ends too early")
        return b""


class _Zlib:
    def __init__(self, window: int) -> None:
        self._window = window
        self._object = zlib.decompressobj(window)

    def inflate(self, data: bytes, limit: int) -> tuple[bytes, bytes]:
        if self._object.eof:
            if self._window != GZIP:
                raise zlib.error("data after the end")
            self._object = zlib.decompressobj(GZIP)  # RFC 1952 2.2: members one after the other
        piece = self._object.decompress(data, limit)
        return piece, self._object.unconsumed_tail or self._object.unused_data

    @property
    def is_whole(self) -> bool:
        return self._object.eof


class _Zstd:
    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        self._object = self._decompressor.decompressobj()

    def inflate(self, data: bytes, limit: int) -> tuple[bytes, bytes]:
        if self._object.eof:
            self._object = self._decompressor.decompressobj()  # RFC 8878 3.1: frames one after the other
        pieces: list[bytes] = []
        at = 0
        while at < len(data) and limit > 0 and not self._object.eof:
            end = at + max(ZSTD_MIN_SLICE, limit // ZSTD_RATIO)
            piece = self._object.decompress(data[at:end])
            limit -= len(piece)
            pieces.append(piece)
            at = end
        return b"".join(pieces), self._object.unused_data + data[at:]

    @property
    def is_whole(self) -> bool:
        return self._object.eof


def _engine(coding: bytes, data: bytes) -> Engine:
    if coding == b"zstd":
        return _Zstd()
    if coding != b"deflate":
        return _Zlib(GZIP)
    # RFC 9110 8.4.1.2: some send `deflate` without the wrapper that it is to have.
    return _Zlib(ZLIB if data[0] & 0x0F == zlib.DEFLATED else RAW)


def _shown(coding: bytes) -> str:
    return coding[:40].decode("latin-1")
