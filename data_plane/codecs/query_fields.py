"""Fields of a query, as `a=1&b=2`. Source: WHATWG URL (2026-11), section 5, application/x-www-form-urlencoded.

Fields that nobody asks about stay byte for byte as they were sent.
"""

from collections.abc import Collection
from urllib.parse import quote_plus, unquote_to_bytes


def values_of(query: bytes, name: bytes) -> list[bytes]:
    """The decoded values of all fields with this decoded name."""
    return [_decoded(field.partition(b"=")[2]) for field in query.split(b"&") if _name(field) == name]


def without(query: bytes, names: Collection[bytes]) -> bytes:
    """The query without the fields of these decoded names."""
    return b"&".join([field for field in query.split(b"&") if _name(field) not in names])


def joined(query: bytes, fields: bytes) -> bytes:
    """The query with further fields at its end."""
    return query + b"&" + fields if query and fields else query or fields


def encode_field(name: str, value: str) -> bytes:
    return f"{quote_plus(name)}={quote_plus(value)}".encode()


def _name(field: bytes) -> bytes:
    return _decoded(field.partition(b"=")[0])


def _decoded(text: bytes) -> bytes:
    """As every server reads it: another spelling of a name must not get past us."""
    if b"%" in text or b"+" in text:
        return unquote_to_bytes(text.replace(b"+", b" "))
    return text
