"""The top level of a JSON body, its values unparsed: what a relay reads and changes of a request."""

import re

import msgspec
from msgspec import Raw

from data_plane.errors import BadRequest

KEY = re.compile(rb'[\s{,]*"(?:[^"\\]|\\.)*"\s*:\s*')
END = re.compile(rb"\s*\}\s*\Z")
TRUE, FALSE, NULL = b"true", b"false", b"null"

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


def decode_fields(body: bytes) -> dict[str, Raw]:
    """Field by name.

    Raises:
        BadRequest: not a JSON object, or a name stands there twice: of two, an upstream could read the other one.
    """
    try:
        fields = _decode_fields(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body is not a JSON object: {error}") from None
    if not _is_compact(body, fields) and not _has_each_once(body, fields):
        raise BadRequest("a field stands twice in the body; send each once")
    return fields


def text_field(fields: dict[str, Raw], name: str) -> str | None:
    """The value of a field that must be a string; None if it is not there.

    Raises:
        BadRequest: it is something else.
    """
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return _decode_text(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(f"`{name}` must be a string") from None


def flag_field(fields: dict[str, Raw], name: str) -> bool:
    """The value of a field that may be true, false or null; absent is false.

    Raises:
        BadRequest: it is something else.
    """
    raw = fields.get(name)
    if raw is None:
        return False
    value = bytes(raw)
    if value not in (TRUE, FALSE, NULL):
        raise BadRequest(f"`{name}` must be true or false")
    return value == TRUE


def set_inside(fields: dict[str, Raw], name: str, key: str, value: Raw) -> None:
    """Set one key of a field that is an object; null and absence are an empty one.

    Raises:
        BadRequest: it is something else.
    """
    raw = fields.get(name)
    try:
        inner = {} if raw is None or bytes(raw) == NULL else _decode_object(raw)
    except msgspec.DecodeError:
        raise BadRequest(f"`{name}` must be an object") from None
    inner[key] = value
    fields[name] = Raw(_encode(inner))


def flag_inside(fields: dict[str, Raw], name: str, key: str) -> bool:
    """Whether a key of a field that is an object is true."""
    raw = fields.get(name)
    if raw is None:
        return False
    try:
        inner = _decode_object(raw)
    except msgspec.DecodeError:
        return False
    return key in inner and bytes(inner[key]) == TRUE


def _is_compact(body: bytes, fields: dict[str, Raw]) -> bool:
    """Whether these fields alone fill the body, as where a client writes JSON without spaces: then none stands twice.

    A name in escapes or beyond ASCII is longer in the body than here, and leaves it to the longer way.
    """
    size = 1 + 4 * len(fields)  # two braces; two quotes, a colon and a comma for each, but for the first comma
    for name, raw in fields.items():
        size += len(name) + len(bytes(raw))
    return size == len(body)


def _has_each_once(body: bytes, fields: dict[str, Raw]) -> bool:
    """Walk over as many fields as were decoded: if a name stood twice, that does not lead to the end.

    The decoder keeps the place of the first and the value of the last of equal names, so each value must also be the
    one that stands there.
    """
    position = 0
    for raw in fields.values():
        key = KEY.match(body, position)
        if key is None:
            return False
        value = bytes(raw)
        if not body.startswith(value, key.end()):
            return False
        position = key.end() + len(value)
    rest = body[position:].strip() if fields else body.strip()[1:]
    return END.match(rest) is not None
