"""An OpenAPI document with a bit of everything, and contracts compiled from it."""

import json
from collections.abc import Generator
from typing import Any, TypeVar

from data_plane.config import structs
from data_plane.config.contracts import make_contract
from data_plane.errors import GatewayError
from data_plane.exchange import COMPLETED, Exchange, Request, Response, Timeouts
from data_plane.filters.validation import ValidationFilter
from data_plane.observability.metrics import Metrics
from data_plane.validation.contract import Contract

Value = TypeVar("Value")
JSON = (b"content-type", b"application/json")

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


def exchange(method: str, path: str, body: object = b"", **headers: str) -> Exchange:
    target, _, query = path.partition("?")
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/json"} if content else {}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(
        method.encode(),
        target.encode(),
        query.encode(),
        {n.encode(): v.encode() for n, v in fields.items()},
        body=content,
    )
    return Exchange(request, "r", "rest", "", target.encode(), "id", 0.0, 1, Timeouts())


class Held:
    """A filter with one contract, and what it counts."""

    def __init__(self, **spec: Any) -> None:
        self.metrics = Metrics()
        self.filter = ValidationFilter([contract(**spec)], self.metrics)

    def request(self, exchange: Exchange) -> GatewayError | None:
        try:
            self.filter.on_request(exchange)
        except GatewayError as error:
            exchange.error = error
            return error
        return None

    def respond(self, exchange: Exchange, response: Response) -> bytes:
        """The body as the client gets it, through all hooks."""
        self.filter.on_response(exchange, response)
        if exchange.meter is not None:
            for start in range(0, len(response.body), 7):
                exchange.meter.feed(response.body[start : start + 7])
        transform = self.filter.on_stream(exchange)
        body = response.body
        if transform is not None:
            body = b"".join([*transform.feed([body] if body else []), *transform.close()])
        self.filter.on_complete(exchange, COMPLETED)
        return body

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        return {(str(k[1]), str(k[2])): int(v.value) for k, v in self.metrics.validation.items()}


def answer(body: object, status: int = 200, *headers: tuple[bytes, bytes]) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, list(headers or (JSON,)), len(content), content)
