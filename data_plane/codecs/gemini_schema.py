"""Schemas: Gemini's own, a subset of OpenAPI 3.0, and JSON Schema, which its newer models read.

Source: ai.google.dev/api/caching#Schema, "Structured output" (2026-11).
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.gemini_fields import camel_case
from data_plane.codecs.json_reader import UNREADABLE, Unreadable
from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses

Json = dict[str, object]

MAX_DEPTH = 64
MAX_SCHEMAS = 5_000  # that references may unfold to
COUNTS = frozenset(("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"))
KEPT = COUNTS | {"description", "enum", "format", "maximum", "minimum", "pattern", "required", "title", "default"}
# What says nothing about values, or what the subset means anyway.
SILENT = frozenset(
    ("$schema", "$id", "$comment", "$defs", "definitions", "examples", "deprecated", "readOnly", "writeOnly", "strict")
)
FORMATS = frozenset(("enum", "date-time", "float", "double", "int32", "int64"))  # others are refused by older models
REFERENCE = b'"$ref"'

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, object]).decode


class _Recursive(Exception):
    """A schema refers to itself, or unfolds without bound."""


def to_json_schema(raw: Raw, where: str) -> Raw:
    """Of a schema of Gemini's. Properties come in the order that it asks for.

    Raises:
        Unreadable: it is no such thing.
    """
    return Raw(_encode(_to_json(_object(raw, where), where, 0)))


def as_json_schema(raw: Raw) -> object:
    """What a newer model reads: JSON Schema as it is, but nothing may stand beside a reference."""
    if REFERENCE not in bytes(raw):
        return raw
    try:
        return _inlined(_decode(raw))
    except (*UNREADABLE, _Recursive):
        return raw  # models unfold some recursion themselves


def as_subset(raw: Raw, where: str, losses: Losses) -> object:
    """What an older model reads.

    Raises:
        UnmappableFields: it is recursive.
    """
    try:
        schema = _inlined(_decode(raw))
    except UNREADABLE:
        losses.drop(where)
        return None
    except _Recursive:
        text = f"`{where}` refers to itself, which schemas of the model's provider cannot"
        raise UnmappableFields(text, fields=(where,)) from None
    return _to_subset(schema, where, losses)


def _object(value: object, where: str) -> Json:
    if isinstance(value, Raw):
        try:
            return _decode(value)
        except UNREADABLE:
            raise Unreadable(f"`{where}` must be an object") from None
    if not isinstance(value, dict):
        raise Unreadable(f"`{where}` must be an object")
    return value


def _to_json(schema: Json, where: str, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise Unreadable(f"`{where}` is nested too deeply")
    found: Json = {}
    for written, value in schema.items():
        name = camel_case(written) if "_" in written else written
        if value is not None and name not in ("nullable", "propertyOrdering"):
            _add_json(found, name, value, f"{where}.{name}", depth + 1)
    order = schema.get("propertyOrdering", schema.get("property_ordering"))
    properties = found.get("properties")
    if isinstance(order, list) and isinstance(properties, dict):
        first = {name: properties[name] for name in order if isinstance(name, str) and name in properties}
        found["properties"] = {**first, **properties}
    if schema.get("nullable") is True:
        _allow_null(found)
    return found


def _add_json(found: Json, name: str, value: object, where: str, depth: int) -> None:
    if name == "type":
        kind = _kind(value, where)
        if kind:
            found[name] = kind
    elif name in ("properties", "items", "anyOf"):
        found[name] = _inside(name, value, where, depth)
    elif name in COUNTS:
        found[name] = _count(value, where)
    elif name == "example":
        found["examples"] = [value]
    elif name != "format" or value != "enum":
        found[name] = value


def _inside(name: str, value: object, where: str, depth: int) -> object:
    if name == "items":
        return _to_json(_object(value, where), where, depth)
    if name == "anyOf":
        return [_to_json(_object(each, where), where, depth) for each in _list(value, where)]
    properties: Json = {}
    for each, inner in _object(value, where).items():
        at = f"{where}.{each}"
        properties[each] = _to_json(_object(inner, at), at, depth)
    return properties


def _kind(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"`{where}` must be a string")
    return "" if value.endswith("_UNSPECIFIED") else value.lower()


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise Unreadable(f"`{where}` must be an array")
    return value


def _count(value: object, where: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:9])
    if isinstance(value, int):
        return value
    raise Unreadable(f"`{where}` must be an integer")


def _allow_null(schema: Json) -> None:
    kind, values, choices = schema.get("type"), schema.get("enum"), schema.get("anyOf")
    if isinstance(kind, str):
        schema["type"] = [kind, "null"]
    elif isinstance(choices, list):
        schema["anyOf"] = [*choices, {"type": "null"}]
    if isinstance(values, list):
        schema["enum"] = [*values, None]


def _inlined(schema: Json) -> Json:
    """Without references: what they refer to stands in their place, with what stood beside them."""
    found = _Inliner(schema).inline(schema, (), 0)
    assert isinstance(found, dict)
    for name in ("$defs", "definitions"):
        found.pop(name, None)
    return found


class _Inliner:
    """Counts what references unfold to, since a few can refer to each other and become very many."""

    __slots__ = ("_count", "_root")

    def __init__(self, root: Json) -> None:
        self._root = root
        self._count = 0

    def inline(self, value: object, open: tuple[str, ...], depth: int) -> object:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_SCHEMAS:
            raise _Recursive
        if isinstance(value, list):
            return [self.inline(each, open, depth + 1) for each in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str):
            if reference in open:
                raise _Recursive
            beside = {name: each for name, each in value.items() if name != "$ref"}
            return self.inline({**self._target(reference), **beside}, (*open, reference), depth + 1)
        return {
            name: each if not depth and name in ("$defs", "definitions") else self.inline(each, open, depth + 1)
            for name, each in value.items()
        }

    def _target(self, reference: str) -> Json:
        """Nothing is known of what stands elsewhere: any value fits."""
        if reference == "#":
            raise _Recursive
        found: object = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}


def _to_subset(schema: Mapping[str, object], where: str, losses: Losses) -> Json:
    found: Json = {}
    for name, value in schema.items():
        at = f"{where}.{name}"
        if name == "format":
            if value in FORMATS:
                found[name] = value
            else:
                losses.drop(at)
        elif name in KEPT:
            found[name] = value
        elif name == "properties" and isinstance(value, dict):
            found[name] = {
                each: _to_subset(inner, f"{at}.{each}", losses)
                for each, inner in value.items()
                if isinstance(inner, dict)
            }
        elif name == "items" and isinstance(value, dict):
            found[name] = _to_subset(value, at, losses)
        elif not _add_special(found, name, value, at, losses):
            losses.drop(at)
    return _settle_enum(found, where, losses)


def _add_special(found: Json, name: str, value: object, where: str, losses: Losses) -> bool:
    """What the subset words differently. False: it has no word for it."""
    if name in ("anyOf", "oneOf") and isinstance(value, list):
        _add_choices(found, value, where, losses)
    elif name == "allOf" and isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        for each, inner in _to_subset(value[0], where, losses).items():
            found.setdefault(each, inner)
    elif name == "type":
        _add_type(found, value)
    elif name == "const":
        found["enum"] = [value]
    elif name == "nullable" and value is True:
        found["nullable"] = True
    else:  # what is not allowed beside the properties never comes
        return name in SILENT or (name == "additionalProperties" and value is False)
    return True


def _add_choices(found: Json, choices: list[object], where: str, losses: Losses) -> None:
    schemas = [each for each in choices if isinstance(each, dict)]
    real = [_to_subset(each, where, losses) for each in schemas if each.get("type") != "null"]
    if len(real) < len(schemas):
        found["nullable"] = True
    if len(real) == 1:
        for name, value in real[0].items():
            found.setdefault(name, value)
    else:
        found["anyOf"] = real


def _add_type(found: Json, value: object) -> None:
    words = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    real = [each.upper() for each in words if each != "null"]
    if len(real) < len(words):
        found["nullable"] = True
    if len(real) == 1:
        found["type"] = real[0]
    elif real:
        found["anyOf"] = [{"type": each} for each in real]


def _settle_enum(found: Json, where: str, losses: Losses) -> Json:
    """Only text can be enumerated."""
    values = found.get("enum")
    if isinstance(values, list):
        if None in values:
            found["nullable"] = True
        texts = [each for each in values if each is not None]
        if all(isinstance(each, str) for each in texts):
            found["enum"] = texts
            found.setdefault("type", "STRING")
        else:
            del found["enum"]
            losses.drop(f"{where}.enum")
    return found
