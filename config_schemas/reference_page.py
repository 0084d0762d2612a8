"""The reference of all kinds and their fields, as Markdown."""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from config_schemas.base import Resource
from config_schemas.example import example

INTRODUCTION = """# Resources

Generated from the schemas by `python -m config_schemas.export`: do not edit. JSON Schemas of the same are in
[`docs/schemas`](../schemas).

Every resource has `apiVersion: isthmus.dev/v1`, `kind`, `metadata` and `spec`. Unknown fields are refused.
"""
BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "minProperties": "at least {}",
    "maxProperties": "at most {}",
    "minimum": "from {}",
    "maximum": "to {}",
    "pattern": "`{}`",
}

FLOW_LENGTH = 80
PLAIN = re.compile(r"[A-Za-z][-A-Za-z0-9_./ ]*")  # a YAML string that needs no quotes

Schema = Mapping[str, Any]


def reference_page(kinds: Iterable[type[Resource]]) -> str:
    """The whole page."""
    kinds = list(kinds)
    _, schemas = models_json_schema([(kind, "validation") for kind in kinds], by_alias=True)
    definitions: Schema = schemas["$defs"]
    contents = "\n".join(f"- [{kind.KIND}](#{kind.KIND.lower()})" for kind in kinds)
    parts = [INTRODUCTION, contents + "\n", _section("metadata", definitions["Metadata"])]
    parts += [_kind(kind, definitions) for kind in kinds]
    return "\n".join(parts)


def _kind(kind: type[Resource], definitions: Schema) -> str:
    scope = "the tenant `platform`" if kind.SCOPE == "Platform" else "a tenant"
    merge = getattr(kind, "MERGE", None)
    facts = f"Belongs to {scope}. In the API: `{kind.PLURAL}`."
    if merge is not None:
        facts += f" Merges by *{merge}*: see [policies](../policies.md)."
    shown = "\n".join(_yaml(example(kind.KIND)))
    head = f"## {kind.KIND}\n\n{inspect.cleandoc(kind.__doc__ or '')}\n\n{facts}\n\n```yaml\n{shown}\n```\n"
    spec = kind.model_fields["spec"].annotation
    sections = [head]
    for name, model in _parts("spec", spec, {}).items():
        sections.append(_section(name, definitions[model.__name__]))
    return "\n".join(sections)


def _parts(path: str, annotation: Any, found: dict[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Every object in a spec by its path: lists as `[]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        found[path] = annotation
        for name, info in annotation.model_fields.items():
            alias = info.alias or name
            _parts(f"{path}.{alias}", info.annotation, found)
        return found
    is_list = getattr(annotation, "__origin__", None) is tuple
    for argument in getattr(annotation, "__args__", ()):
        if argument is not Ellipsis:
            _parts(path + "[]" if is_list else path, argument, found)
    return found


def _section(path: str, schema: Schema) -> str:
    required = schema.get("required", ())
    rows = [_row(name, each, name in required) for name, each in schema.get("properties", {}).items()]
    description = schema.get("description", "")
    table = "\n".join(["| field | type | default |", "|---|---|---|", *rows])
    return f"### `{path}`\n\n{description}\n\n{table}\n"


def _row(name: str, schema: Schema, is_required: bool) -> str:
    if is_required:
        default = "required"
    else:
        value = schema.get("default")
        default = "" if value in (None, "") else f"`{_json(value)}`"
    return f"| `{name}` | {_type(schema).replace('|', chr(92) + '|')} | {default.replace('|', chr(92) + '|')} |"


def _type(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    bounds = ", ".join(text.format(schema[name]) for name, text in BOUNDS.items() if name in schema)
    match schema.get("type"):
        case "array":
            text = f"list of {_type(schema['items'])}"
        case "object":
            text = "object" if schema.get("additionalProperties") is True else "map of strings"
        case other:
            text = str(other)
    return f"{text} ({bounds})" if bounds else text


def _yaml(value: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Block style down to what fits into a line."""
    for key, each in value.items():
        flow = _flow(each)
        if isinstance(each, Mapping) and not (indent and len(flow) <= FLOW_LENGTH):
            yield f"{indent}{key}:"
            yield from _yaml(each, indent + "  ")
        elif isinstance(each, list) and len(flow) > FLOW_LENGTH:
            yield f"{indent}{key}:"
            yield from (f"{indent}  - {_flow(item)}" for item in each)
        else:
            yield f"{indent}{key}: {flow}"


def _flow(value: object) -> str:
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str() if PLAIN.fullmatch(value):
            return value
    return json.dumps(value)


def _json(value: object) -> str:
    return str(value) if isinstance(value, str | int) else repr(value).replace("'", '"')
