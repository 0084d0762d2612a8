"""JSON Schemas and OpenAPI documents in resources: whether replicas can use them, before any is sent one."""

import json
from collections.abc import Generator
from typing import Any, TypeVar
from urllib.parse import quote

import jsonschema_rs

from config_schemas.base import Resource
from config_schemas.contracts.openapi import OpenApi, read_openapi
from config_schemas.contracts.schema_graph import SchemaGraph, Unfit
from config_schemas.contracts.schema_view import Part, take_view, views_differ
from config_schemas.policies.validation import ValidationPolicy
from control_plane.admission.decode import parse_object
from control_plane.admission.yaml_documents import load_yaml
from control_plane.errors import FieldError, Malformed, TooLarge

URI = "urn:isthmus:document"
ROOT = ""
MAX_MESSAGE_CHARACTERS = 300
PATTERN_BYTES = 1 << 20  # of one compiled pattern, as on replicas

Value = TypeVar("Value")


def read_texts(spec: object) -> object:
    """The spec of a ValidationPolicy with its documents as objects where they are text in YAML or JSON."""
    if not isinstance(spec, dict):
        return spec
    read = {**spec, **{name: _read(spec[name]) for name in ("requestSchema", "responseSchema") if name in spec}}
    openapi = read.get("openapi")
    if isinstance(openapi, dict) and "document" in openapi:
        read["openapi"] = {**openapi, "document": _read(openapi["document"])}
    return read


def schema_errors(resource: Resource) -> list[FieldError]:
    """What is wrong with the documents of a ValidationPolicy."""
    if not isinstance(resource, ValidationPolicy):
        return []
    spec = resource.spec
    errors = []
    if spec.openapi is not None:
        errors.append(_error("spec.openapi.document", spec.openapi.document, is_openapi=True))
    if spec.request_schema is not None:
        errors.append(_error("spec.requestSchema", spec.request_schema))
    if spec.response_schema is not None:
        errors.append(_error("spec.responseSchema", spec.response_schema))
    return [each for each in errors if each is not None]


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_object(value.encode(), "application/json")
    except (Malformed, TooLarge, UnicodeEncodeError):
        pass  # nearly all is JSON, which is read a hundred times as fast
    try:
        documents = load_yaml(value)
    except (Malformed, TooLarge):
        return value
    return documents[0] if len(documents) == 1 and isinstance(documents[0], dict) else value


def _error(field: str, text: str, *, is_openapi: bool = False) -> FieldError | None:
    try:
        document = parse_object(text.encode(), "application/json")
    except (Malformed, TooLarge):
        return FieldError(field, "must be an object, or the text of one in JSON or YAML")
    try:
        if is_openapi:
            _check_openapi(document, text)
        else:
            _check(document, [ROOT], "requests")
    except Unfit as error:
        return FieldError(field, f"at {error}"[:MAX_MESSAGE_CHARACTERS])
    return None


def _check_openapi(document: object, text: str) -> None:
    """Both directions, at once where they see the same."""
    api = _done(read_openapi(document))
    requests, responses = list(api.schemas("requests")), list(api.schemas("responses"))
    if not views_differ(text):
        _check(document, [*requests, *responses], "requests", api)
        return
    _check(document, requests, "requests", api)
    _check(json.loads(text), responses, "responses", api)


def _check(document: Any, pointers: list[str], part: Part, api: OpenApi | None = None) -> None:
    """Raises Unfit."""
    graph = SchemaGraph(document)
    for pointer in pointers:
        _done(graph.add(pointer))
    pointers = list(dict.fromkeys(graph.resolved(each) for each in pointers))
    _done(graph.measure(pointers))
    is_version_0 = api is not None and api.minor == 0
    _done(take_view(graph, part, has_nullable=is_version_0))
    draft = jsonschema_rs.Draft4 if is_version_0 else jsonschema_rs.Draft202012
    kind = jsonschema_rs.Draft4Validator if is_version_0 else jsonschema_rs.Draft202012Validator
    registry: jsonschema_rs.Registry | None = None
    for pointer in pointers:
        try:
            registry = registry or jsonschema_rs.Registry([(URI, document)], draft=draft, retriever=_refuse)
            kind(
                {"$ref": f"{URI}#{quote(pointer, safe='/~')}"},
                registry=registry,
                offline=True,
                pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES),
            )
        except jsonschema_rs.ValidationError as error:
            place = "".join(f"/{key}" for key in error.instance_path)
            raise Unfit(place or pointer, _first_line(error)) from None
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise Unfit(pointer, _first_line(error)) from None


def _refuse(uri: str, /) -> dict[str, Any]:
    raise ValueError("nothing outside of the document is fetched")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _done(steps: Generator[None, None, Value]) -> Value:
    """What slices come to, without a break."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: Value = end.value
            return value
