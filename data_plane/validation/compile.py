"""From documents to what judges by them, in slices: a large document takes long."""

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass

import msgspec

from config_schemas.contracts.openapi import Body, OpenApi, Operation, read_openapi
from config_schemas.contracts.schema_graph import SchemaGraph, Unfit
from config_schemas.contracts.schema_view import Part, take_view, views_differ
from data_plane.validation.checker import Checker, compiler
from data_plane.validation.operations import CompiledBody, CompiledOperation, OperationTable
from data_plane.validation.parameters import CompiledParameter, shape_of

STEPS = 32  # operations between two pauses
ROOT = ""  # the pointer of a whole document


_decode = msgspec.json.Decoder().decode  # a MiB in 3 ms, a third of what the standard library takes


@dataclass(frozen=True, slots=True)
class Compiled:
    """The schemas of one direction by pointer."""

    graph: SchemaGraph
    checkers: Mapping[str, Checker]


def compile_schema(text: str, part: Part) -> Generator[None, None, Checker]:
    """The checker of a JSON Schema.

    Raises:
        Unfit: it cannot be used.
    """
    compiled = yield from _compile(parse(text), [ROOT], part)
    return compiled.checkers[ROOT]


def compile_openapi(text: str, base_path: str | None, parts: Collection[Part]) -> Generator[None, None, OperationTable]:
    """The operations of a document. What is not among `parts` is left out.

    Raises:
        Unfit: the document cannot be used.
    """
    api = yield from read_openapi(parse(text))
    compiled: dict[Part, Compiled] = {}
    together = not views_differ(text)
    for part in parts:
        if together and compiled:
            compiled[part] = next(iter(compiled.values()))
            continue
        pointers = dict.fromkeys(each for other in (parts if together else (part,)) for each in api.schemas(other))
        yield
        compiled[part] = yield from _compile(parse(text), list(pointers), part, api)
    operations = []
    for number, each in enumerate(api.operations):
        operations.append((each.path, each.method, _operation(each, compiled)))
        if number % STEPS == 0:
            yield
    return OperationTable(api.base_path if base_path is None else base_path, operations)


def parse(text: str) -> object:
    """JSON data.

    Raises:
        Unfit: it is none.
    """
    try:
        value: object = _decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unfit("", f"the document must be JSON: {error}") from None
    return value


def _compile(
    document: object, pointers: list[str], part: Part, api: OpenApi | None = None
) -> Generator[None, None, Compiled]:
    graph = SchemaGraph(document)
    for pointer in pointers:
        yield from graph.add(pointer)
    resolved = {pointer: graph.resolved(pointer) for pointer in pointers}  # what only refers is what it refers to
    measures = yield from graph.measure(dict.fromkeys(resolved.values()))
    is_version_0 = api is not None and api.minor == 0
    yield from take_view(graph, part, has_nullable=is_version_0)
    compile_at = compiler(document, is_draft_4=is_version_0)
    made: dict[str, Checker] = {}
    for pointer in resolved.values():
        if pointer not in made:
            made[pointer] = Checker(compile_at(pointer), measures[pointer])
            yield
    return Compiled(graph, {pointer: made[target] for pointer, target in resolved.items()})


def _operation(operation: Operation, compiled: Mapping[Part, Compiled]) -> CompiledOperation:
    requests, responses = compiled.get("requests"), compiled.get("responses")
    parameters: tuple[CompiledParameter, ...] = ()
    body = None
    if requests is not None:
        parameters = tuple(
            CompiledParameter(each, shape_of(requests.graph, each.schema), requests.checkers[each.schema])
            for each in operation.parameters
        )
        body = _body(operation.body, requests) if operation.body is not None else None
    answers = {}
    if responses is not None:
        answers = {status: _body(said, responses) for status, said in operation.responses.items()}
    return CompiledOperation(f"{operation.method} {operation.path}", parameters, body, answers)


def _body(body: Body, compiled: Compiled) -> CompiledBody:
    contents = {
        kind: compiled.checkers[pointer] if pointer is not None else None for kind, pointer in body.contents.items()
    }
    return CompiledBody(contents, body.is_required)
