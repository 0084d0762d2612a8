"""Ids of what providers keep, where they stand in requests and answers. What is around them stays byte for byte."""

import re
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Raw

Seal = Callable[[str], str]
Open = Callable[[str, str], str]  # of a field's name and value

RESPONSE_IDS = ("id", "previous_response_id")
# The fields that hold ids in an answer, by operation. Ids of items within an answer are of no use without it.
NAMES: Mapping[str, tuple[str, ...]] = {
    "files": ("id",),
    "batches": ("id", "input_file_id", "output_file_id", "error_file_id"),
    "stored_responses": RESPONSE_IDS,
    "responses": RESPONSE_IDS,
    "stored_chat": ("id",),
    "chat": ("id",),
}
CURSORS = ("first_id", "last_id")
# Names that refer to what is kept. Quotes within strings are escaped, so that these stand for fields only.
REFERENCE = re.compile(rb'"(previous_response_id|input_file_id|file_id)"(\s*:\s*)"((?:[^"\\]|\\.)*)"')
LIST = re.compile(rb'"(file_ids)"(\s*:\s*)\[([^\]]*)\]')
TEXT = re.compile(rb'"((?:[^"\\]|\\.)*)"')
MENTIONS = (b"_id", b"\\u00")  # cheap to look for: else nothing is referred to
ESCAPED_NAME = re.compile(rb'"[a-z_]*\\u00[2-7][0-9a-fA-F](?:[a-z_]|\\u00[2-7][0-9a-fA-F])*"\s*:')
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_items = msgspec.json.Decoder(list[Raw]).decode
_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


class HiddenReference(Exception):
    """A field's name is written in escapes, so that nobody sees what it is."""


def unsealed(body: bytes, open: Open) -> bytes:
    """A request with the providers' own ids, as `open` gives them for fields that refer to something kept.

    Raises:
        HiddenReference: it cannot be seen what the request refers to.
    """
    if not any(each in body for each in MENTIONS):
        return body
    if ESCAPED_NAME.search(body):
        raise HiddenReference

    def one(match: re.Match[bytes]) -> bytes:
        return b'"%b"%b%b' % (match[1], match[2], _opened(match[1], match[3], open))

    def several(match: re.Match[bytes]) -> bytes:
        items = TEXT.sub(lambda item: _opened(match[1], item[1], open), match[3])
        return b'"%b"%b[%b]' % (match[1], match[2], items)

    return LIST.sub(several, REFERENCE.sub(one, body))


def _opened(name: bytes, value: bytes, open: Open) -> bytes:
    """The value in its quotes, as it was if it is what it was."""
    quoted = b'"%b"' % value
    try:
        text = _text(quoted)
    except UNREADABLE:
        return quoted  # whoever reads the body says so
    opened = open(name.decode(), text)
    return quoted if opened == text else _encode(opened)


def sealed_answer(body: bytes, names: tuple[str, ...], seal: Seal) -> bytes:
    """A whole answer, or a list of them, with ids as clients see them; what is no JSON object stays as it is."""
    try:
        fields = _fields(body)
        listed = _items(fields["data"]) if "data" in fields else None
    except UNREADABLE:
        return body
    if listed is None:
        _seal_fields(fields, names, seal)
    else:
        fields["data"] = Raw(_encode([_sealed_item(each, names, seal) for each in listed]))
        _seal_fields(fields, CURSORS, seal)
    return _encode(fields)


def sealed_event(event: bytes, names: tuple[str, ...], seal: Seal) -> bytes:
    """An event of a stream: ids of the answer that it begins or ends, or of which it is a part."""
    lines = event.split(b"\n")
    for place, line in enumerate(lines):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data[:1] == b"{":
            lines[place] = b"data: " + _sealed_data(data, names, seal)
    return b"\n".join(lines)


def _sealed_data(data: bytes, names: tuple[str, ...], seal: Seal) -> bytes:
    if names == RESPONSE_IDS and b'"response"' not in data:
        return data  # an event within an answer; quotes in its text would be escaped
    try:
        fields = _fields(data)
        if "response" not in fields:
            _seal_fields(fields, names, seal)
            return _encode(fields)
        inner = _fields(fields["response"])
    except UNREADABLE:
        return data
    _seal_fields(inner, names, seal)
    fields["response"] = Raw(_encode(inner))
    return _encode(fields)


def _sealed_item(item: Raw, names: tuple[str, ...], seal: Seal) -> Raw:
    try:
        fields = _fields(item)
    except UNREADABLE:
        return item
    _seal_fields(fields, names, seal)
    return Raw(_encode(fields))


def _seal_fields(fields: dict[str, Raw], names: tuple[str, ...], seal: Seal) -> None:
    for name in names:
        raw = fields.get(name)
        if raw is None:
            continue
        try:
            fields[name] = Raw(_encode(seal(_text(raw))))
        except UNREADABLE:  # null
            continue
