"""An OpenAPI document with a bit of everything, and contracts compiled from it."""

import json
from collections.abc import Generator
from typing import Any, TypeVar

from data_plane.config import structs
from data_plane.config.contracts import make_contract
from data_plane.validation.contract import Contract

Value = TypeVar("Value")

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "password": {"type": "string", "writeOnly": True, "minLength": 8},
        "parent": {"$ref": "#/components/schemas/Pet"},
    },
    "additionalProperties": False,
}
PETS: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://pets.example/v1"}],
    "paths": {
        "/pets": {
            "get": {
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}},
                    {"in": "header", "name": "X-Trace", "schema": {"type": "string", "maxLength": 4}},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
                            }
                        }
                    }
                },
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}},
                        "text/csv": {"schema": {"type": "string"}},
                    },
                },
                "responses": {
                    "201": {},
                    "4XX": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
                },
            },
        },
        "/pets/mine": {"get": {"responses": {"default": {}}}},
        "/pets/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}],
            "get": {"responses": {"200": {"content": {"*/*": {"schema": {"$ref": "#/components/schemas/Pet"}}}}}},
            "delete": {"responses": {"204": {}}},
        },
    },
    "components": {"schemas": {"Pet": PET}},
}


def done(steps: Generator[None, None, Value]) -> Value:
    """What slices come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: Value = end.value
            return value


def contract(**spec: Any) -> Contract:
    """Of a policy with this spec; documents may be objects."""
    return done(make_contract(policy(**spec)))


def policy(**spec: Any) -> structs.ValidationPolicy:
    if "openapi" in spec:
        spec["openapi"] = structs.OpenApiContract(**{"document": json.dumps(PETS), **spec["openapi"]})
    for name in ("request_schema", "response_schema"):
        if isinstance(spec.get(name), dict | bool):
            spec[name] = json.dumps(spec[name])
    return structs.ValidationPolicy(
        metadata=structs.Metadata(name="pets", tenant="default"), spec=structs.ValidationPolicySpec(**spec)
    )
