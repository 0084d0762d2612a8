"""The OpenAPI document of the REST API: `python -m control_plane.api.openapi > docs/openapi.json`.

Made from the table of operations and the schemas. Source: OpenAPI Specification 3.1.1 (2024-10).
"""

import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from config_schemas.base import NAME_PATTERN
from config_schemas.example import example
from config_schemas.registry import KINDS
from control_plane.api import problem
from control_plane.api.operations import OPERATIONS, Operation
from control_plane.api.query import DEFAULT_LIMIT, MAX_LIMIT
from control_plane.api.schema import MODELS

Json = dict[str, Any]

SCHEMA_REFERENCE = "#/components/schemas/{model}"
DESCRIPTION = """Configures Isthmus. Every answer of an error is a problem document (RFC 9457) with a stable `code`.

A resource's `metadata.revision` is its `ETag`; give it as `If-Match` to write only what you have read.
All pages of a list show one revision of the store; watch from it to miss nothing."""

_NAME = {"type": "string", "pattern": NAME_PATTERN, "maxLength": 63}
_TEXT = {"type": "string"}
_FLAG = {"type": "boolean", "default": False}
_QUERY: Mapping[str, tuple[Json, str]] = {
    "labelSelector": (_TEXT, "Only those with these labels, as in `team=search,stage=live`."),
    "limit": ({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, "Entries of a page."),
    "continue": (_TEXT, "The token of the next page, from the page before."),
    "watch": (_FLAG, "Answer with server-sent events `added`, `modified`, `deleted`, `bookmark`, `error`."),
    "resourceVersion": ({"type": "integer", "minimum": 0}, "With `watch`: events after this revision; else from now."),
    "dryRun": (_FLAG, "Check everything and change nothing."),
    "allowSkew": (_FLAG, "Write also what connected replicas are too old for; it is left out of what they get."),
    "history": ({"type": "boolean", "default": True}, "With earlier versions of resources."),
    "audit": ({"type": "boolean", "default": True}, "With the audit log."),
    "accept": (_FLAG, "Also if the store has resources: they become what the backup says."),
    "schemaVersion": ({"type": "integer", "minimum": 1}, "For replicas of this schema version; else of the newest."),
    "tenant": (_NAME, "Of this tenant."),
    **{
        name: (_NAME, f"The {name} of the request.")
        for name in ("gateway", "route", "model", "service", "application", "credential")
    },
    "version": (_NAME, "The model's version."),
}
_HEADERS: Mapping[str, tuple[Json, str]] = {
    "If-Match": (_TEXT, 'Write only if the resource is at this revision, as in its `ETag`: `"42"`.'),
    "If-None-Match": ({"type": "string", "enum": ["*"]}, "Create only: refuse if it exists."),
    "Idempotency-Key": (
        {"type": "string", "minLength": 1, "maxLength": 255},
        "Repeating a request with its key within a day gives the first answer again, and does nothing.",
    ),
    "Last-Event-ID": (_TEXT, "With `watch`: resume after this event."),
}
_REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
_ETAG = {"ETag": {"$ref": "#/components/headers/ETag"}}
_RETRY_AFTER = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}


@cache
def document() -> Json:
    """The whole document; not to be changed."""
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Isthmus control plane",
            "version": "v1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"adminToken": []}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "parameters": {
                **{name: _parameter("query", name, *about) for name, about in _QUERY.items()},
                **{name: _parameter("header", name, *about) for name, about in _HEADERS.items()},
            },
            "headers": {
                "X-Request-Id": {"schema": _TEXT, "description": "Names the request in logs and audit entries."},
                "ETag": {"schema": _TEXT, "description": "The resource's revision."},
                "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."},
            },
            "responses": {_problem_name(status): _problem(status) for status in _error_statuses()},
            "securitySchemes": {
                "adminToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An admin token. `x-isthmus-scope` says which scope an operation needs.",
                }
            },
        },
    }


def text() -> str:
    return json.dumps(document(), indent=2) + "\n"


def _operation(operation: Operation) -> Json:
    parameters = [_path_parameter(name) for name in re.findall(r"{(\w+)}", operation.path)]
    named = (*operation.query, *operation.headers, *(("Last-Event-ID",) if operation.streams else ()))
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in named]
    described: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters,
        "responses": _responses(operation),
    }
    if operation.request:
        described["requestBody"] = {"required": True, "content": _request_content(operation)}
    if operation.sends:
        described["requestBody"] = {"required": True, "content": {operation.sends: {}}}
    if operation.scope:
        described["x-isthmus-scope"] = operation.scope
    else:
        described["security"] = []
    return described


def _request_content(operation: Operation) -> Json:
    media: Json = {"schema": _reference(operation.request)}
    if operation.kind and operation.action in ("create", "replace"):
        media["example"] = example(operation.kind.KIND)
    if operation.action == "patch":
        media["example"] = {"metadata": {"labels": {"stage": "live"}}}
        return {"application/merge-patch+json": media, "application/json": media, "application/yaml": media}
    return {"application/json": media, "application/yaml": media}


def _answer_content(operation: Operation) -> Json:
    content: Json = {}
    if operation.answer:
        content["application/json"] = {"schema": _reference(operation.answer)}
    if operation.gives:
        content[operation.gives] = {}
    if operation.streams:
        content["text/event-stream"] = {"schema": _TEXT}
    return content


def _responses(operation: Operation) -> Json:
    content = _answer_content(operation)
    success: Json = {"description": HTTPStatus(operation.success).phrase, "headers": dict(_REQUEST_ID)}
    if content:
        success["content"] = content
    if operation.kind and operation.action in ("create", "get", "replace", "patch", "rollback"):
        success["headers"] |= _ETAG
    responses: Json = {str(operation.success): success}
    if operation.action == "replace":
        responses["201"] = {**success, "description": "Created"}
    if operation.action == "readyz":
        responses["503"] = {**success, "description": "The configuration is not loaded yet"}
        return responses | {"405": {"$ref": "#/components/responses/Problem405"}}
    for status in operation.all_errors:
        responses[str(status)] = {"$ref": f"#/components/responses/{_problem_name(status)}"}
    return responses


def _schemas() -> Json:
    _, kinds = models_json_schema(
        [(kind, "validation") for kind in KINDS.values()], by_alias=True, ref_template=SCHEMA_REFERENCE
    )
    _, others = models_json_schema(
        [(model, "validation") for model in MODELS], by_alias=True, ref_template=SCHEMA_REFERENCE
    )
    clash = kinds["$defs"].keys() & others["$defs"].keys()
    if clash:
        raise ValueError(f"schemas of one name: {sorted(clash)}")
    schemas: Json = {**kinds["$defs"], **others["$defs"]}
    for kind in KINDS.values():
        name = kind.__name__
        status = {"$ref": SCHEMA_REFERENCE.format(model="ResourceStatus"), "readOnly": True}
        schemas[name]["properties"]["status"] = status
        schemas[name]["examples"] = [example(kind.KIND)]
        schemas[f"{name}List"] = _list_schema(kind.KIND, name)
    schemas["MergePatch"] = {
        "type": "object",
        "description": "What is null is removed, what is missing stays. Source: RFC 7396.",
    }
    return dict(sorted(schemas.items()))


def _list_schema(kind: str, name: str) -> Json:
    return {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "items"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": "isthmus.dev/v1"},
            "kind": {"const": f"{kind}List"},
            "metadata": _reference("ListMetadata"),
            "items": {"type": "array", "items": _reference(name)},
        },
    }


def _path_parameter(name: str) -> Json:
    return {"in": "path", "name": name, "required": True, "schema": _TEXT if name == "id" else _NAME}


def _parameter(place: str, name: str, schema: Json, description: str) -> Json:
    return {"in": place, "name": name, "required": False, "schema": schema, "description": description}


def _reference(name: str) -> Json:
    return {"$ref": SCHEMA_REFERENCE.format(model=name)}


def _error_statuses() -> list[int]:
    return sorted({status for operation in OPERATIONS for status in operation.all_errors})


def _problem_name(status: int) -> str:
    return f"Problem{status}"


def _problem(status: int) -> Json:
    headers: Json = dict(_REQUEST_ID)
    if status in (429, 503):
        headers |= _RETRY_AFTER
    return {
        "description": HTTPStatus(status).phrase,
        "headers": headers,
        "content": {problem.CONTENT_TYPE: {"schema": _reference("Problem")}},
    }


if __name__ == "__main__":
    sys.stdout.write(text())
