"""Vectors as APIs write them: an array of numbers, or base64 of 32-bit floats, the lowest byte first.

Numbers stay as they were written wherever both sides want numbers: nothing is rounded, and nothing parsed.
"""

import struct
from base64 import b64decode, b64encode

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import UNREADABLE, Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.embedding import Vector

# What a JSON array of numbers is written with; what is left of one without these are its brackets.
OF_NUMBERS = b"0123456789+-.eE, \t\r\n"
BRACKETS = b"[]"
FLOAT_BYTES = 4

_floats = msgspec.json.Decoder(list[float]).decode
_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def decode_vector(raw: Raw, path: str) -> Vector:
    """A vector in either form.

    Raises:
        Unreadable: it is none.
    """
    written = bytes(raw)
    if written[:1] == b'"':
        return Vector(base64=_decode_base64(raw, path))
    # It is JSON already: of nothing but numbers and one pair of brackets, it can only be an array of numbers.
    if written.translate(None, OF_NUMBERS) != BRACKETS or not written[1:-1].strip():
        raise Unreadable(f"`{path}` must be an array of numbers")
    return Vector(numbers=raw)


def decode_numbers(raw: Raw | None, path: str) -> Vector:
    """A vector of an API that has numbers only.

    Raises:
        Unreadable: it is none.
    """
    if raw is None or bytes(raw)[:1] == b'"':
        raise Unreadable(f"`{path}` must be an array of numbers")
    return decode_vector(raw, path)


def encode_numbers(vector: Vector) -> Raw:
    """The array of numbers; of bytes, each number is exactly the float that they are."""
    if vector.numbers is not None:
        return vector.numbers
    data = b64decode(vector.base64)
    values = struct.unpack(f"<{len(data) // FLOAT_BYTES}f", data)
    return Raw(_encode(values))


def encode_base64(vector: Vector) -> str:
    """The floats nearest to the numbers.

    Raises:
        InvalidUpstreamResponse: a number is too large for a 32-bit float.
    """
    if vector.numbers is None:
        return vector.base64
    try:
        values = _floats(vector.numbers)
        return b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    except (*UNREADABLE, OverflowError):
        raise InvalidUpstreamResponse("a number of the upstream's vector is no 32-bit float") from None


def _decode_base64(raw: Raw, path: str) -> str:
    """Of whole floats, each of them finite: JSON could not say others."""
    try:
        text = _text(raw)
        data = b64decode(text, validate=True)
        values = struct.unpack(f"<{len(data) // FLOAT_BYTES}f", data)
    except (*UNREADABLE, ValueError, struct.error):
        values = ()
    if not values or not abs(sum(values)) < float("inf"):
        raise Unreadable(f"`{path}` must be base64 of 32-bit floats")
    return text
