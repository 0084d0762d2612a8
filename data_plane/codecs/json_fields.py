"""The top level of a JSON body, its values unparsed: what a relay reads and changes of a request."""

import re
from codecs import utf_8_decode

import msgspec
from msgspec import Raw

from data_plane.errors import BadRequest, BodyTooLarge

MAX_FIELDS = 1024  # APIs know a few dozen; to walk over many times as many would take long
LARGE_BYTES = 2 * 1024 * 1024
MAX_COLONS = 250_000  # of a large body, so that it cannot have millions of fields: as much text as any model takes
MAX_NAME_CHARACTERS = 64  # of a field's name in an error
UTF8_SLICE = 64 * 1024  # whose text stays in the processor's cache: six times as fast as all at once
KEY = re.compile(rb'[\s{,]*("(?:[^"\\]|\\.)*")\s*:\s*')
END = re.compile(rb"\s*\}\s*\Z")
TRUE, FALSE, NULL = b"true", b"false", b"null"

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


def decode_fields(body: bytes) -> dict[str, Raw]:
    """Field by name.

    Raises:
        BadRequest: not a JSON object in UTF-8, or a name stands there twice: of two, an upstream could read the other.
        BodyTooLarge: it may have more names than can be read in time.
    """
    if len(body) > LARGE_BYTES and body.count(b":") > MAX_COLONS:
        raise BodyTooLarge(f"the body may have no more than {MAX_COLONS} colons")
    try:
        if not body.isascii():
            check_utf8(body)  # the decoder below passes over the inside of strings
        fields = _decode_fields(body)
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise BadRequest(f"the body is not a JSON object: {error}") from None
    if len(fields) > MAX_FIELDS:
        raise BadRequest(f"the body has more than {MAX_FIELDS} fields")
    if not _fills(body, fields) and not _has_each_once(body, fields):
        raise BadRequest(f"`{_second_of(body, fields)}` stands twice in the body; send each field once")
    return fields


def check_utf8(body: bytes) -> None:
    """Nothing, if the body is UTF-8.

    Raises:
        BadRequest: it is not; the text says where.
    """
    at, end = 0, len(body)
    try:
        if end <= UTF8_SLICE:
            body.decode()
            return
        data = memoryview(body)
        while at < end:
            at += utf_8_decode(data[at : at + UTF8_SLICE], "strict", at + UTF8_SLICE >= end)[1]
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8 at byte {at + error.start}") from None


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
    """Whether a key of a field that is an object is true, for whoever reads it."""
    raw = fields.get(name)
    if raw is None:
        return False
    try:
        inner = _decode_object(raw)
    except msgspec.DecodeError:
        return False
    return key in inner and bytes(inner[key]) == TRUE and _has_each_once(bytes(raw), inner)


def _fills(body: bytes, fields: dict[str, Raw]) -> bool:
    """Whether these fields alone fill the body, written as most clients do, so that none stands twice.

    A name in escapes or beyond ASCII is longer in the body than here, and leaves it to the longer way.
    """
    size = 0
    for name, raw in fields.items():
        size += len(name) + len(bytes(raw))
    slack = len(body) - size
    if slack == 1 + 4 * len(fields):  # two braces; two quotes, a colon and a comma for each, but for the first comma
        return True
    # Python's way: a space after each colon and comma. Spaces could hide a field, so this is compared.
    return slack == 6 * len(fields) and body == b"{%b}" % b", ".join(
        [b'"%b": %b' % (name.encode(), raw) for name, raw in fields.items()]
    )


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


def _second_of(body: bytes, fields: dict[str, Raw]) -> str:
    """The name that stands twice, at the first place where body and fields part."""
    position = 0
    for name, raw in (*fields.items(), ("", Raw(b""))):
        key = KEY.match(body, position)
        if key is None:
            break
        found = _decode_text(key[1])
        value = bytes(raw)
        if found != name or not body.startswith(value, key.end()):
            return found[:MAX_NAME_CHARACTERS]
        position = key.end() + len(value)
    return "a field"
