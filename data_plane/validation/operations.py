"""Which operation of an OpenAPI document a request is, by method and path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from config_schemas.contracts.openapi import TEMPLATE
from data_plane.validation.checker import Checker
from data_plane.validation.parameters import CompiledParameter

Segment = tuple[bytes, ...]  # what stands before, between and after its parameters


@dataclass(frozen=True, slots=True)
class CompiledBody:
    """Checkers by media type; None: any content of that type. No media types: nothing is said."""

    contents: Mapping[str, Checker | None] = field(default_factory=dict)
    is_required: bool = False

    def has(self, media_type: str) -> bool:
        return self._range_of(media_type) is not None

    def checker(self, media_type: str) -> Checker | None:
        found = self._range_of(media_type)
        return self.contents[found] if found is not None else None

    def _range_of(self, media_type: str) -> str | None:
        """The narrowest of exact, `application/*` and `*/*`."""
        for each in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
            if each in self.contents:
                return each
        return None


@dataclass(frozen=True, slots=True)
class CompiledOperation:
    """`path` names path parameters; `name` is for messages: `GET /pets/{id}`."""

    name: str
    parameters: tuple[CompiledParameter, ...]
    body: CompiledBody | None
    responses: Mapping[str, CompiledBody]

    def response(self, status: int) -> CompiledBody | None:
        """What is said of answers with this status; None: nothing, not even that there are some."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        return None


@dataclass(frozen=True, slots=True)
class Match:
    """`values`: of the path's parameters, as they stand in the path."""

    methods: Mapping[bytes, CompiledOperation]
    values: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Template:
    segments: tuple[Segment, ...]
    names: tuple[str, ...]
    methods: dict[bytes, CompiledOperation]

    def match(self, segments: list[bytes]) -> list[bytes] | None:
        values: list[bytes] = []
        for wanted, segment in zip(self.segments, segments, strict=True):
            found = _values(wanted, segment)
            if found is None:
                return None
            values += found
        return values


class OperationTable:
    """Exact paths go before templates, templates with longer literal beginnings before others."""

    def __init__(self, base_path: str, operations: Iterable[tuple[str, str, CompiledOperation]]) -> None:
        self._base = base_path.encode()
        self._exact: dict[bytes, dict[bytes, CompiledOperation]] = {}
        by_path: dict[str, _Template] = {}
        for path, method, operation in operations:
            if "{" not in path:
                self._exact.setdefault(path.encode(), {})[method.encode()] = operation
                continue
            if path not in by_path:
                by_path[path] = _Template(_segments(path), tuple(TEMPLATE.findall(path)), {})
            by_path[path].methods[method.encode()] = operation
        self._templates: dict[int, list[_Template]] = {}
        for path in sorted(by_path, key=_order):
            template = by_path[path]
            self._templates.setdefault(len(template.segments), []).append(template)

    def find(self, path: bytes) -> Match | None:
        """The operations at a path; None: the document has no such path."""
        if not path.startswith(self._base):
            return None
        rest = path[len(self._base) :] or b"/"
        methods = self._exact.get(rest)
        if methods is not None:
            return Match(methods, {})
        segments = rest.split(b"/")[1:]
        for template in self._templates.get(len(segments), ()):
            values = template.match(segments)
            if values is not None:
                return Match(template.methods, dict(zip(template.names, values, strict=True)))
        return None


def _segments(path: str) -> tuple[Segment, ...]:
    return tuple(_segment(each) for each in path.split("/")[1:])


def _segment(text: str) -> Segment:
    return tuple(part.encode() for part in TEMPLATE.split(text)[::2])


def _values(wanted: Segment, segment: bytes) -> list[bytes] | None:
    """The values of a segment's parameters, which take at least one character each and end as early as they can."""
    first, *others = wanted
    if not others:
        return [] if first == segment else None
    if not segment.startswith(first) or not segment.endswith(others[-1]):
        return None
    values = []
    at, end = len(first), len(segment) - len(others[-1])
    for literal in others[:-1]:
        found = segment.find(literal, at + 1, end)
        if found < 0:
            return None
        values.append(segment[at:found])
        at = found + len(literal)
    if at >= end:
        return None
    return [*values, segment[at:end]]


def _order(path: str) -> tuple[tuple[int, str], ...]:
    return tuple((1, "") if "{" in each else (0, each) for each in path.split("/"))
