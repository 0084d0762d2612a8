"""YAML as plain data, read event by event: bounded in depth and size before anything is built.

Source: YAML 1.2.2, section 10.3 (core schema) and JSON: `true`, `null` and numbers are what JSON calls so; `on`, dates
and everything else unquoted are text. Tags, merge keys (`<<`) and duplicate keys are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import yaml

from control_plane.admission.limits import MAX_ALIASES, MAX_DEPTH, MAX_DOCUMENTS, MAX_REQUEST_BYTES
from control_plane.errors import Malformed, TooLarge

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?")
CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
TAG_PREFIX = "tag:yaml.org,2002:"
TEXT_TAGS = frozenset(("!", f"{TAG_PREFIX}str"))
TAGS = TEXT_TAGS | {f"{TAG_PREFIX}{name}" for name in ("map", "seq")}


def load_yaml(text: str) -> list[Any]:
    """The values of all documents.

    Raises:
        Malformed: no YAML, or YAML that is not taken; the text says where.
        TooLarge: too many documents, or aliases that repeat too much.
    """
    builder = _Builder()
    for event in _events(text):
        builder.take(event)
    return builder.documents


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise Malformed(f"not YAML: {error.problem or 'unreadable'}{_place(error.problem_mark)}") from error
    except yaml.YAMLError as error:
        raise Malformed("not YAML: it holds a character that YAML does not allow") from error


@dataclass(slots=True)
class _Container:
    """A list or an object under construction. `size` is about what it has in JSON, aliases written out."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    size: int = 2
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    documents: list[Any] = field(default_factory=list)
    _stack: list[_Container] = field(default_factory=list)
    _anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    _aliases: int = 0
    _size: int = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._anchors.clear()
            case yaml.ScalarEvent():
                self._add(_scalar(event), len(event.value) + 3, event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                closed = self._stack.pop()
                self._place(closed.value, closed.size, closed.anchor, event)
            case yaml.AliasEvent():
                self._repeat(event)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        _check_tag(event)
        if len(self._stack) >= MAX_DEPTH:
            raise Malformed(f"the document is nested more than {MAX_DEPTH} levels deep{_place(event.start_mark)}")
        if self._awaits_key():
            raise Malformed(f"a key must be text{_place(event.start_mark)}")
        self._stack.append(_Container({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))

    def _repeat(self, event: yaml.AliasEvent) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise TooLarge(f"more than {MAX_ALIASES} aliases (`*name`) are not taken; write the values out")
        if event.anchor not in self._anchors:
            raise Malformed(f"the alias '*{event.anchor}' has no anchor before it{_place(event.start_mark)}")
        value, size = self._anchors[event.anchor]
        self._place(value, size, None, event)

    def _add(self, value: Any, size: int, event: yaml.ScalarEvent) -> None:
        self._place(value, size, event.anchor, event)

    def _place(self, value: Any, size: int, anchor: str | None, event: yaml.Event) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if not self._stack:
            self._finish(value, size)
            return
        parent = self._stack[-1]
        parent.size += size
        if self._size + parent.size > MAX_REQUEST_BYTES:
            raise TooLarge("the aliases (`*name`) repeat too much; write the values out")
        match parent.value:
            case list(items):
                items.append(value)
            case dict(fields) if parent.key is None:
                parent.key = _key(value, fields, event)
            case dict(fields):
                fields[parent.key] = value
                parent.key = None

    def _finish(self, value: Any, size: int) -> None:
        self._size += size
        self.documents.append(value)
        if len(self.documents) > MAX_DOCUMENTS:
            raise TooLarge(f"more than {MAX_DOCUMENTS} documents are not taken at once")

    def _awaits_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None


def _key(value: Any, fields: dict[str, Any], event: yaml.Event) -> str:
    key = event.value if isinstance(event, yaml.ScalarEvent) else value  # `1: x` and `true: x` are text, as in JSON
    if not isinstance(key, str):
        raise Malformed(f"a key must be text{_place(event.start_mark)}")
    if key == "<<":
        raise Malformed(f"merge keys (`<<`) are not taken; write the fields out{_place(event.start_mark)}")
    if key in fields:
        raise Malformed(f"the key '{key}' is there twice in one object{_place(event.start_mark)}")
    return key


def _scalar(event: yaml.ScalarEvent) -> Any:
    _check_tag(event)
    if event.tag in TEXT_TAGS or not event.implicit[0]:
        return event.value
    if event.value in CONSTANTS:
        return CONSTANTS[event.value]
    if INTEGER.fullmatch(event.value):
        return int(event.value)
    if NUMBER.fullmatch(event.value):
        return float(event.value)
    if NOT_FINITE.fullmatch(event.value):
        raise Malformed(f"'{event.value}' is not a number that JSON knows{_place(event.start_mark)}")
    return event.value


def _check_tag(event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
    if event.tag is not None and event.tag not in TAGS:
        raise Malformed(f"the tag '{event.tag[:64]}' is not taken{_place(event.start_mark)}")


class _Mark(Protocol):
    line: int
    column: int


def _place(mark: _Mark | None) -> str:
    return f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
