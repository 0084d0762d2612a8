"""Reads what helm and kubectl send as protobuf: Secrets, of which helm keeps a release in each, and Namespaces.

Source: k8s.io/apimachinery, runtime/serializer/protobuf (the envelope); k8s.io/api/core/v1/generated.proto.
"""

import base64
from typing import Any

MAGIC = b"k8s\x00"

Fields = dict[int, list[bytes]]


def decode(raw: bytes) -> dict[str, Any]:
    """The object in the form that JSON has.

    Raises:
        ValueError: it is of another kind.
    """
    envelope = _fields(raw[len(MAGIC) :])
    kind = _fields(envelope[1][0])[2][0]
    if kind not in (b"Namespace", b"Secret"):
        raise ValueError(f"a {kind.decode()} as protobuf")
    secret = _fields(envelope[2][0])
    metadata = _fields(secret[1][0])
    document = {
        "apiVersion": "v1",
        "kind": kind.decode(),
        "metadata": {
            "name": metadata[1][0].decode(),
            "labels": {key: value.decode() for key, value in _map(metadata.get(11, []))},
            "annotations": {key: value.decode() for key, value in _map(metadata.get(12, []))},
        },
    }
    if kind == b"Namespace":
        return document
    return {
        **document,
        "type": secret.get(3, [b"Opaque"])[0].decode(),
        "data": {key: base64.b64encode(value).decode() for key, value in _map(secret.get(2, []))},
    }


def _map(entries: list[bytes]) -> list[tuple[str, bytes]]:
    pairs = [_fields(each) for each in entries]
    return [(each[1][0].decode(), each.get(2, [b""])[0]) for each in pairs]


def _fields(message: bytes) -> Fields:
    """Values by field number; numbers are left out."""
    found: Fields = {}
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = number()
        match tag & 7:
            case 0:
                number()
            case 1:
                at += 8
            case 5:
                at += 4
            case _:
                size = number()
                found.setdefault(tag >> 3, []).append(message[at : at + size])
                at += size
    return found
