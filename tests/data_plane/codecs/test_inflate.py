"""Compressed bodies, whole and in pieces, and what must not come of them."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from random import Random

import pytest
import zstandard

from data_plane.codecs.inflate import Inflater, InflatesTooFar, NotInflatable, UnknownCoding

TEXT = b"".join(b'{"n":%d,"text":"about foxes"}\n' % n for n in range(3000))
MEBIBYTE = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


COMPRESS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "gzip": (b"gzip", gzip.compress),
    "x-gzip": (b" X-GZIP ", gzip.compress),
    "deflate": (b"deflate", zlib.compress),
    "deflate without wrapper": (b"deflate", raw_deflate),
    "zstd": (b"zstd", zstd),
}
each_coding = pytest.mark.parametrize(("coding", "compress"), COMPRESS.values(), ids=COMPRESS)


def inflate(coding: bytes, data: bytes, step: int = 0, max_bytes: int = MEBIBYTE) -> bytes:
    inflater = Inflater(coding, max_bytes)
    step = step or len(data)
    pieces = [inflater.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join(pieces) + inflater.close()


@pytest.mark.parametrize("step", [0, 1, 7, 1000])
@each_coding
def test_what_was_compressed_comes_back(coding: bytes, compress: Callable[[bytes], bytes], step: int) -> None:
    assert inflate(coding, compress(TEXT), step) == TEXT


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(("coding", "compress"), [COMPRESS["gzip"], COMPRESS["zstd"]], ids=["gzip", "zstd"])
def test_parts_may_follow_each_other(coding: bytes, compress: Callable[[bytes], bytes], step: int) -> None:
    assert inflate(coding, compress(TEXT) + compress(b"") + compress(b"end"), step) == TEXT + b"end"


@each_coding
def test_an_empty_body_needs_no_coding(coding: bytes, compress: Callable[[bytes], bytes]) -> None:
    assert inflate(coding, b"", 1) == b""
    assert inflate(coding, compress(b"")) == b""


@each_coding
def test_a_body_may_have_just_as_many_bytes_as_allowed(coding: bytes, compress: Callable[[bytes], bytes]) -> None:
    assert len(inflate(coding, compress(TEXT), max_bytes=len(TEXT))) == len(TEXT)
    with pytest.raises(InflatesTooFar, match="too large"):
        inflate(coding, compress(TEXT), max_bytes=len(TEXT) - 1)


@pytest.mark.parametrize("step", [0, 1])
@each_coding
def test_a_body_that_is_cut_short_is_told(coding: bytes, compress: Callable[[bytes], bytes], step: int) -> None:
    with pytest.raises(NotInflatable, match="ends too early"):
        inflate(coding, compress(TEXT)[:-5], step)


@pytest.mark.parametrize("garbage", [b"\x1f\x8bgarbage", b"nothing of the kind", b"\xff" * 40, b"\0" * 40])
@each_coding
def test_garbage_is_told(coding: bytes, compress: Callable[[bytes], bytes], garbage: bytes) -> None:
    with pytest.raises(NotInflatable):
        inflate(coding, garbage)


@pytest.mark.parametrize("step", [0, 1])
@each_coding
def test_what_follows_is_garbage(coding: bytes, compress: Callable[[bytes], bytes], step: int) -> None:
    with pytest.raises(NotInflatable):
        inflate(coding, compress(TEXT) + b"garbage!" * 4, step)


@pytest.mark.parametrize("coding", [b"", b"br", b"gzip, gzip", b"identity", b"gzip,", b"\xff"])
def test_other_codings_are_not_read(coding: bytes) -> None:
    with pytest.raises(UnknownCoding):
        Inflater(coding, MEBIBYTE)


@pytest.mark.parametrize("step", [0, 1])
@each_coding
def test_a_bomb_costs_no_memory(coding: bytes, compress: Callable[[bytes], bytes], step: int) -> None:
    bomb = compress(bytes(32 * MEBIBYTE))[: 40_000 if step == 0 else 20_000]
    tracemalloc.start()
    try:
        with pytest.raises(InflatesTooFar):
            inflate(coding, bomb, step, max_bytes=4 * MEBIBYTE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * MEBIBYTE


@each_coding
def test_a_ratio_that_no_text_has_is_refused(coding: bytes, compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(InflatesTooFar, match="200 times"):
        inflate(coding, compress(bytes(8 * MEBIBYTE)), 16, max_bytes=64 * MEBIBYTE)


def test_much_that_hardly_shrinks_earns_no_burst() -> None:
    noise = Random(1).randbytes(2 * MEBIBYTE)
    data = gzip.compress(noise + bytes(64 * MEBIBYTE))
    inflater = Inflater(b"gzip", 512 * MEBIBYTE)
    at = len(gzip.compress(noise))
    inflater.feed(data[:at])
    with pytest.raises(InflatesTooFar):
        inflater.feed(data[at:])


def test_a_window_beyond_what_every_reader_takes_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=3)
    made = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(NotInflatable):
        inflate(b"zstd", made.compress(TEXT) + made.flush())
