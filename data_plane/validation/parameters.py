"""The parameters of a request as values that schemas can judge. Source: OpenAPI 3.1.0, section 4.8.12."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from config_schemas.contracts.openapi import Parameter
from config_schemas.contracts.schema_graph import Node, SchemaGraph
from data_plane.codecs.json_document import decode_document
from data_plane.errors import BadRequest
from data_plane.validation.checker import Checker, Violation

MAX_FIELDS = 256  # of a query or cookie
MAX_LEVELS = 4  # that a shape is looked for below a schema
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
SEPARATORS: Mapping[str, str] = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}

Fields = Mapping[str, list[str]]
Text = str | list[str] | dict[str, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """What texts may stand for: the types that a schema takes, of itself, its items and its properties."""

    types: frozenset[str]
    items: "Shape | None" = None
    properties: Mapping[str, "Shape"] | None = None


ANYTHING = Shape(frozenset())


def shape_of(graph: SchemaGraph, pointer: str) -> Shape:
    """The shape of the schema at a pointer."""
    return _shape(graph, graph.find(pointer), MAX_LEVELS)


def _shape(graph: SchemaGraph, node: Node, levels: int) -> Shape:
    if not levels:
        return ANYTHING
    kinds = node.schema.get("type")
    types = {each for each in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(each, str)}
    items = _shape(graph, graph.nodes[node.items[0]], levels - 1) if node.items else None
    properties = {name: _shape(graph, graph.nodes[index], levels - 1) for name, index in node.named.items()}
    aside = {f"{node.pointer}/{keyword}" for keyword in ("not", "if", "propertyNames")}
    for index in node.here:
        if graph.nodes[index].pointer in aside:
            continue
        other = _shape(graph, graph.nodes[index], levels - 1)
        types |= other.types
        items = items or other.items
        properties = {**(other.properties or {}), **properties}
    return Shape(frozenset(types), items, properties)


@dataclass(frozen=True, slots=True)
class CompiledParameter:
    """One parameter, with what judges it."""

    parameter: Parameter
    shape: Shape
    checker: Checker

    def violations(self, fields: Fields) -> list[Violation]:
        """What is wrong with it, among the fields of its place."""
        said = self.parameter
        try:
            text = _read(said, self.shape, fields)
            if text is None:
                return [self._violation("is required")] if said.is_required else []
            value = decode_document(str(text).encode()) if said.is_json else _value(text, self.shape)
        except BadRequest as error:
            return [self._violation(error.message)]
        return [self._violation(each.detail) for each in self.checker.violations(value)]

    def _violation(self, detail: str) -> Violation:
        return Violation(detail, place=self.parameter.place, name=self.parameter.name)


def query_fields(query: bytes) -> Fields:
    """Values by name.

    Raises:
        BadRequest: it is not UTF-8, or has more than 256 fields.
    """
    return _fields(query.decode("latin-1"), "&", "the query")


def cookie_fields(header: bytes | None) -> Fields:
    """Values by name.

    Raises:
        BadRequest: as `query_fields`.
    """
    if not header:
        return {}
    parts = [each.strip() for each in header.decode("latin-1").split(";")]
    return _fields("&".join(each.replace("&", "%26").replace("+", "%2B") for each in parts if each), "&", "the cookie")


def decoded(text: bytes) -> str:
    """A segment of a path.

    Raises:
        BadRequest: it is not UTF-8.
    """
    try:
        return unquote(text.decode("latin-1"), errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("the path is not UTF-8") from None


def _fields(text: str, separator: str, what: str) -> Fields:
    found: dict[str, list[str]] = {}
    if not text:
        return found
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS, separator=separator)
    except UnicodeDecodeError:
        raise BadRequest(f"{what} is not UTF-8") from None
    except ValueError:
        raise BadRequest(f"{what} has more than {MAX_FIELDS} fields") from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _read(parameter: Parameter, shape: Shape, fields: Fields) -> Text | None:
    """The texts of a parameter as its style has them; None: it is not there."""
    is_array, is_object = "array" in shape.types, "object" in shape.types
    if parameter.is_json:
        is_array = is_object = False
    if parameter.style == "deepObject":
        return _deep_object(parameter.name + "[", fields)
    if is_object and parameter.style == "form" and parameter.explodes:  # each property is a field of its own
        return {name: fields[name][0] for name in shape.properties or {} if name in fields} or None
    texts = fields.get(parameter.name)
    if texts is None:
        return None
    if not (is_array or is_object):
        if len(texts) > 1:
            raise BadRequest("stands more than once")
        return texts[0]
    if is_array and parameter.explodes and parameter.style == "form":
        return texts
    return _divided(parameter, texts, is_array=is_array)


def _deep_object(start: str, fields: Fields) -> Text | None:
    """`filter[name]=value`."""
    inner = {}
    for name, texts in fields.items():
        if name.startswith(start) and name.endswith("]"):
            inner[name[len(start) : -1]] = texts[0]
    return inner or None


def _divided(parameter: Parameter, texts: list[str], *, is_array: bool) -> Text:
    parts = [each for text in texts for each in text.split(SEPARATORS[parameter.style])] if texts != [""] else []
    if parameter.place == "header":
        parts = [each.strip() for each in parts]
    if is_array:
        return parts
    if parameter.explodes:
        return {name: value for name, _, value in (each.partition("=") for each in parts)}
    return dict(zip(parts[::2], parts[1::2], strict=False))


def _value(text: Text, shape: Shape) -> object:
    if isinstance(text, list):
        return [_scalar(each, (shape.items or ANYTHING).types) for each in text]
    if isinstance(text, dict):
        shapes = shape.properties or {}
        return {name: _scalar(each, shapes.get(name, ANYTHING).types) for name, each in text.items()}
    return _scalar(text, shape.types)


def _scalar(text: str, types: frozenset[str]) -> object:
    """The value that a text stands for: of the types that it may have, the first that it can be read as."""
    if types & {"integer", "number"}:
        if INTEGER.fullmatch(text):
            return int(text)
        if "number" in types and NUMBER.fullmatch(text):
            return float(text)
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if "null" in types and text in ("", "null") and "string" not in types:
        return None
    return text
