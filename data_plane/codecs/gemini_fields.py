"""JSON of Google's APIs as clients write it: names in camelCase or snake_case, whole numbers as text or with a point,
bytes in either base64.

Source: protobuf.dev/programming-guides/json (2026-11).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator

import msgspec
from msgspec import Raw

from data_plane.codecs.foreign_state import PREFIX
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable

API = "gemini"
INTEGER = re.compile(rb'"?(-?[0-9]{1,18})(?:\.0{1,6})?"?', re.ASCII)
TO_STANDARD = str.maketrans("-_", "+/")
TO_URL_SAFE = str.maketrans("+/", "-_")
# State of another API, where Gemini has a signature: base64, which SDKs decode and encode again. 9 bytes, so that all
# that begin with them begin alike in base64.
WRAPPED = urlsafe_b64encode(PREFIX.encode()).decode()

_object = msgspec.json.Decoder(dict[str, Raw]).decode


def proto_reader(raw: Raw | bytes, path: str) -> JsonReader:
    """Of an object; all names are in camelCase.

    Raises:
        Unreadable: it is something else, or has a name in both spellings.
    """
    try:
        fields = _object(raw)
    except UNREADABLE:
        raise Unreadable(f"`{path or 'the body'}` must be an object") from None
    return JsonReader(camel_fields(fields, path), path)


def camel_fields(fields: dict[str, Raw], path: str = "") -> dict[str, Raw]:
    """Fields by their names in camelCase.

    Raises:
        Unreadable: one stands there in both spellings.
    """
    if not any("_" in name for name in fields):
        return fields
    renamed: dict[str, Raw] = {}
    for name, raw in fields.items():
        camel = camel_case(name)
        if camel in renamed:
            raise Unreadable(f"`{path}{'.' if path else ''}{camel}` stands twice, in both spellings; send it once")
        renamed[camel] = raw
    return renamed


def camel_case(name: str) -> str:
    first, *others = name.strip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def child(reader: JsonReader, name: str) -> JsonReader | None:
    """An object inside."""
    raw = reader.raw(name)
    return None if raw is None else proto_reader(raw, reader.at(name))


def required_child(reader: JsonReader, name: str) -> JsonReader:
    inner = child(reader, name)
    if inner is None:
        raise Unreadable(f"`{reader.at(name)}` is required")
    return inner


def children(reader: JsonReader, name: str) -> Iterator[JsonReader]:
    """The objects of an array."""
    for index, raw in enumerate(reader.array(name)):
        yield proto_reader(raw, f"{reader.at(name)}[{index}]")


def integer(reader: JsonReader, name: str) -> int | None:
    return reader.mapping(name, _integer, "an integer")


def word(reader: JsonReader, name: str, words: frozenset[str]) -> str:
    """One of these words, in upper case as the API has them; empty if nothing is said."""
    found = reader.text(name).upper()
    if not found or found.endswith("_UNSPECIFIED"):
        return ""
    if found not in words:
        raise Unreadable(f"`{reader.at(name)}` must be one of {', '.join(sorted(words))}")
    return found


def standard_base64(data: str) -> str:
    """As all other APIs want it: SDKs of this one write the alphabet for URLs."""
    if "-" in data or "_" in data:
        data = data.translate(TO_STANDARD)
    return data if len(data) % 4 == 0 else data + "=" * (-len(data) % 4)


def wrap(state: str) -> str:
    """State of another API, as a signature."""
    return urlsafe_b64encode(state.encode()).decode()


def unwrap(signature: str) -> str | None:
    """The state of another API; None: it is a signature of this one."""
    if not signature.startswith(WRAPPED):
        return None
    text = signature.translate(TO_URL_SAFE)
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None


def _integer(raw: Raw) -> int:
    found = INTEGER.fullmatch(bytes(raw))
    if found is None:
        raise msgspec.DecodeError("no integer")
    return int(found[1])
