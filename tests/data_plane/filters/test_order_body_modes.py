"""Each filter forces the body mode that it needs: what it reads of a request's body, found in its source."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType

from pytest import mark, param, raises

from data_plane.codecs.json_document import document_of
from data_plane.exchange import Exchange
from data_plane.filters.order import ORDER
from data_plane.pipeline.filter import BodyMode, Filter
from data_plane.pipeline.plan import compile_plan

pytestmark = mark.sources

# What is read, by the attribute or function that reads it.
READS = {
    "fields": BodyMode.HEAD,
    "decode_fields": BodyMode.HEAD,
    "document": BodyMode.CONTENT,
    "document_of": BodyMode.CONTENT,
    "decode_document": BodyMode.CONTENT,
}
CARRIERS = frozenset(("exchange", "request"))  # what a request is called wherever it is handed on


def needed_mode(kind: type[Filter]) -> BodyMode:
    """The strongest mode of what the filter's module reads, and the functions to which it hands the request."""
    return max((needed for each in source_of(kind) for needed in modes(each)), default=BodyMode.OPAQUE)


def source_of(kind: type[Filter]) -> Iterator[ast.Module]:
    module = inspect.getmodule(kind)
    assert module is not None
    tree = ast.parse(
        inspect.getsource(module) if module.__name__ != __name__ else textwrap.dedent(inspect.getsource(kind))
    )
    yield tree
    for function in handed_on(tree, module):
        yield ast.parse(textwrap.dedent(inspect.getsource(function)))


def handed_on(tree: ast.Module, module: ModuleType) -> Iterator[FunctionType]:
    """Functions of other modules of ours that get the request."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and any(is_carrier(each) for each in call.args):
            function = getattr(module, call.func.id, None)
            if isinstance(function, FunctionType) and function.__module__.startswith("data_plane"):
                yield function


def is_carrier(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in CARRIERS


def modes(tree: ast.Module) -> Iterator[BodyMode]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if node.attr == "body" and is_carrier(node.value):
                yield BodyMode.HEAD
            elif node.attr in READS and is_carrier(node.value):
                yield READS[node.attr]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield READS.get(node.func.id, BodyMode.OPAQUE)


@mark.parametrize("kind", [param(kind, id=kind.__name__) for kind, _ in ORDER])
def test_a_filter_forces_the_mode_that_it_needs(kind: type[Filter]) -> None:
    assert kind.body_mode >= needed_mode(kind)


class ReadsBytes(Filter):
    def on_request(self, exchange: Exchange) -> None:
        assert exchange.request.body


class ReadsField(Filter):
    body_mode = BodyMode.HEAD

    def on_request(self, exchange: Exchange) -> None:
        assert exchange.fields


class ReadsContent(Filter):
    body_mode = BodyMode.HEAD

    def on_request(self, exchange: Exchange) -> None:
        document_of(exchange)


class ReadsNothing(Filter):
    def on_request(self, exchange: Exchange) -> None:
        assert exchange.request.path


@mark.parametrize(
    "kind, mode",
    [
        (ReadsBytes, BodyMode.HEAD),
        (ReadsField, BodyMode.HEAD),
        (ReadsContent, BodyMode.CONTENT),
        (ReadsNothing, BodyMode.OPAQUE),
    ],
)
def test_what_a_planted_filter_reads_is_found(kind: type[Filter], mode: BodyMode) -> None:
    assert needed_mode(kind) == mode


@mark.parametrize("kind", [ReadsBytes, ReadsContent])
def test_a_planted_filter_that_reads_more_than_it_declares_fails(kind: type[Filter]) -> None:
    with raises(AssertionError):
        test_a_filter_forces_the_mode_that_it_needs(kind)


@mark.parametrize(
    "filters, mode, holds",
    [
        ([ReadsNothing()], BodyMode.OPAQUE, False),
        ([ReadsNothing(), ReadsField()], BodyMode.HEAD, True),
        ([ReadsField(), ReadsNothing()], BodyMode.HEAD, True),
    ],
)
def test_a_plan_has_the_strongest_mode_of_its_filters(filters: list[Filter], mode: BodyMode, holds: bool) -> None:
    plan = compile_plan(filters)

    assert plan.body_mode is mode and plan.holds_body is holds
