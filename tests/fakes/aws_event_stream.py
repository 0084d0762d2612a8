"""Writes `application/vnd.amazon.eventstream`, as AWS does."""

import json
from collections.abc import Mapping
from zlib import crc32

Json = Mapping[str, object]


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message; all headers are strings."""
    encoded = b"".join(string_header(name, value) for name, value in headers.items())
    return frame(encoded, payload)


def frame(headers: bytes, payload: bytes) -> bytes:
    """One message of headers that are written already."""
    prelude = (16 + len(headers) + len(payload)).to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    data = prelude + crc32(prelude).to_bytes(4, "big") + headers + payload
    return data + crc32(data).to_bytes(4, "big")


def string_header(name: str, value: str) -> bytes:
    """A header of the type that all of Bedrock's have."""
    data = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + len(data).to_bytes(2, "big") + data


def event(name: str, payload: Json) -> bytes:
    """An event of Bedrock's streams, padded as theirs are."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode_message(headers, json.dumps({**payload, "p": "abcdefghijkl"}, ensure_ascii=False).encode())


def exception(name: str, payload: Json) -> bytes:
    """An error of the operation, in the middle of its stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return encode_message(headers, json.dumps(payload).encode())


def error(code: str, message: str) -> bytes:
    """An error that the operation does not model."""
    return encode_message({":error-code": code, ":error-message": message, ":message-type": "error"}, b"")


def stream_of(lines: bytes) -> list[bytes]:
    """Messages of a golden, which has one on each line: an event, an exception, or an error."""
    messages: list[bytes] = []
    for line in lines.splitlines():
        said = json.loads(line)
        if "event" in said:
            messages.append(event(said["event"], said["payload"]))
        elif "exception" in said:
            messages.append(exception(said["exception"], said["payload"]))
        else:
            messages.append(error(said["error"], said["message"]))
    return messages
