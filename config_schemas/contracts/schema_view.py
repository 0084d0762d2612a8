"""The schemas of a document as they hold for one direction. Sources: OpenAPI 3.0.3 and 3.1.0, the schema object.

What is read-only is not required of requests, and what is write-only not of responses. `nullable` of 3.0 becomes what
JSON Schema says instead.
"""

from typing import Literal

from config_schemas.contracts.schema_graph import Node, SchemaGraph, Steps

STEPS = 256  # between two pauses

Part = Literal["requests", "responses"]
SELF_MADE = ("$schema", "$id")  # names that nothing but the document itself could be found by
FOREIGN: dict[Part, str] = {"requests": "readOnly", "responses": "writeOnly"}


def views_differ(text: str) -> bool:
    """Whether a document, as JSON text, may mean something else for requests than for responses."""
    return any(mark in text for mark in FOREIGN.values())


def take_view(graph: SchemaGraph, part: Part, *, has_nullable: bool) -> Steps:
    """Change the document of a graph to this view of it. `has_nullable`: it is OpenAPI 3.0."""
    for number, node in enumerate(graph.nodes):
        for keyword in SELF_MADE:
            node.schema.pop(keyword, None)
        _drop_foreign(graph, node, FOREIGN[part])
        if has_nullable:
            _say_null(node.schema)
        if number % STEPS == 0:
            yield


def _drop_foreign(graph: SchemaGraph, node: Node, mark: str) -> None:
    required = node.schema.get("required")
    if not isinstance(required, list):
        return
    foreign = [name for name, index in node.named.items() if _has_mark(graph, graph.nodes[index], mark)]
    if foreign:
        kept = [name for name in required if name not in foreign]
        node.schema["required"] = kept
        if not kept:
            del node.schema["required"]  # JSON Schema draft 4 wants at least one


def _has_mark(graph: SchemaGraph, node: Node, mark: str) -> bool:
    return node.schema.get(mark) is True or (
        "$ref" in node.schema and any(graph.nodes[each].schema.get(mark) is True for each in node.here)
    )


def _say_null(schema: dict[str, object]) -> None:
    if schema.pop("nullable", None) is not True:
        return
    kind, options = schema.get("type"), schema.get("enum")
    if isinstance(kind, str):
        schema["type"] = [kind, "null"]
    if isinstance(options, list) and None not in options:
        schema["enum"] = [*options, None]
