"""A LiteLLM configuration as plain data: YAML as LiteLLM's own reader takes it, but bounded, and without losses.

LiteLLM reads YAML 1.1 with PyYAML's safe loader: `True`, `yes` and merge keys (`<<`) work. Unlike there, dates stay
text (an `api_version` is meant), a key that is there twice is refused, and so is what aliases would blow up.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from control_plane.litellm_import.finding import Unreadable

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_EXPANDED_BYTES = 32 * 1024 * 1024  # about, with aliases written out: many models share one block of settings
MAX_ALIASES = 20_000
TIMESTAMP = "tag:yaml.org,2002:timestamp"

Json = object


def read_config(data: bytes) -> dict[str, Json]:
    """The mapping that a file holds.

    Raises:
        Unreadable: it is no YAML, too much, or no mapping.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(f"it has {len(data)} bytes; at most {MAX_BYTES} are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start} is not UTF-8") from error
    value = _load(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable("it holds no mapping: `model_list:` is expected at the beginning of a line")
    return value


def _load(text: str) -> Json:
    try:
        _measure(yaml.parse(text, Loader=yaml.CSafeLoader))
        return _plain(yaml.load(text, Loader=_Loader))  # a safe one, with fewer types
    except yaml.MarkedYAMLError as error:
        raise Unreadable(f"not YAML: {error.problem or 'unreadable'}{_place(error)}") from error
    except (yaml.YAMLError, ValueError) as error:  # a character, a number or a date that cannot be
        raise Unreadable("not YAML: it holds a character or a number that YAML does not allow") from error


class _Loader(yaml.CSafeLoader):
    """Leaves dates as text, and refuses a key that is there twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as PyYAML declares it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != TIMESTAMP]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
        return super().construct_mapping(node, deep=deep)


def _check_keys(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key.start_mark)
        if key.value in seen and key.value != "<<":
            problem = f"the key '{key.value[:80]}' is there twice in one mapping"
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        seen.add(key.value)


def _measure(events: Iterator[yaml.Event]) -> None:
    """Refuse what would be too much once aliases are written out, before anything is built."""
    sizes = _Sizes()
    for event in events:
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                sizes.open(event.anchor)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                sizes.add(*sizes.stack.pop())
            case yaml.ScalarEvent():
                sizes.add(event.anchor, len(event.value) + 3)
            case yaml.AliasEvent():
                sizes.repeat(event.anchor or "")


@dataclass(slots=True)
class _Sizes:
    """About what each anchor stands for, in bytes. `stack`: containers that are open, with what they hold so far."""

    stack: list[tuple[str | None, int]] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    aliases: int = 0

    def open(self, anchor: str | None) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise Unreadable(f"it is nested more than {MAX_DEPTH} levels deep")
        self.stack.append((anchor, 2))

    def repeat(self, anchor: str) -> None:
        self.aliases += 1
        if anchor not in self.anchors:
            raise Unreadable(f"the alias '*{anchor[:80]}' has no finished anchor before it")
        self.add(None, self.anchors[anchor])

    def add(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = size
        if self.stack:
            of, before = self.stack[-1]
            size += before
            self.stack[-1] = of, size
        if self.aliases > MAX_ALIASES or size > MAX_EXPANDED_BYTES:
            raise Unreadable("the aliases (`*name`) repeat too much; write the values out")


def _plain(value: Json) -> Json:
    """Keys as text; nothing but what JSON has."""
    match value:
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case float() if not math.isfinite(value):
            raise Unreadable("it holds a number that is not finite")
        case None | bool() | int() | float() | str():
            return value
    raise Unreadable(
        f"it holds a value of the YAML type {type(value).__name__}; write text, numbers, lists and mappings"
    )


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
