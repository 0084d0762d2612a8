"""JSON Schemas of a document with all that they refer to: what may be compiled and run for a tenant.

Nothing is fetched, whatever a schema says, and no body may make a schema run for long: a *width* is how many schemas
are tried at one place of a body, at most. Sources: JSON Schema 2020-12; OpenAPI 3.0.3 and 3.1.0.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

MAX_SCHEMAS = 20_000
MAX_COMPILED = 50_000  # compiled in 50 ms, in slices, and dropped in 50 ms at once
MAX_LEVELS = 128  # of a document
MAX_WIDTH = 1_000
MAX_BODY_LEVELS = 201  # what a body may have
MAX_PATTERN_WEIGHT = 20_000  # of all that are compiled; one of weight 1 takes 2 to 5 KiB
WEIGHT_CHARACTERS = 100  # of a pattern, with its repetitions written out, for each unit of weight beyond the first
MAX_PATTERN_CHARACTERS = 1_000
MAX_LISTED_CONTAINERS = 64  # objects and lists in one `enum`: each is compared
MAX_PATTERN_PROPERTIES = 32  # in one schema: each is tried on each name
STEPS = 64  # between two pauses

# Tuples, here and below: what is looked for may be anything, also what has no hash.
DIALECTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema#",
    "https://spec.openapis.org/oas/3.1/dialect/base",
)
UNUSABLE = ("$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary")

PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{[0-9]+(?:,[0-9]*)?\}|.", re.DOTALL)  # of a pattern
MOST_CHARACTERS = 100_000_000

# Where schemas stand in a schema, by where in the body they are tried.
HERE = ("not", "if", "then", "else", "propertyNames")
HERE_LISTS = ("allOf", "anyOf", "oneOf")
ITEMS = ("items", "contains", "unevaluatedItems")

Json = Mapping[str, object]
Steps = Generator[None, None, None]


class Unfit(ValueError):
    """The document cannot be used. The text begins with the JSON Pointer of the place."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer or '/'}: {reason}")
        self.pointer = pointer
        self.reason = reason


@dataclass(slots=True)
class Node:
    """One schema, and the schemas that it tries: at the same place, on named and other properties, on items."""

    pointer: str
    schema: dict[str, object]
    here: list[int] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)
    other_names: list[int] = field(default_factory=list)  # on names that are not in `named`
    any_name: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measure:
    """`width`: how many schemas are tried at one place of any body, at most."""

    width: int
    has_alternatives: bool


class SchemaGraph:
    """The schemas of one document that its roots reach. The document is JSON data and is not changed."""

    def __init__(self, document: object) -> None:
        self._document = document
        self._index: dict[str, int] = {}
        self.nodes: list[Node] = []

    def add(self, pointer: str) -> Steps:
        """Take in the schema at a pointer, and all that it reaches.

        Raises:
            Unfit: one of these cannot be used.
        """
        waiting = [pointer]
        if pointer in self._index:
            return
        self._place(pointer)
        while waiting:
            at = waiting.pop()
            node = self.nodes[self._index[at]]
            for target, tried in _tried(node):
                if target not in self._index:
                    self._place(target)
                    waiting.append(target)
                tried(self._index[target])
            if len(self.nodes) % STEPS == 0:
                yield

    def measure(self, pointers: Iterable[str]) -> Generator[None, None, dict[str, Measure]]:
        """The measure of each of these schemas.

        Raises:
            Unfit: one is too wide, or together they are too large.
        """
        widths = yield from self._widths()
        measures: dict[str, Measure] = {}
        compiled = patterns = 0
        for pointer in pointers:
            index = self._index[pointer]
            reached = self._reached(index)
            compiled += len(reached)
            schemas = [self.nodes[each].schema for each in reached]
            patterns += sum(_pattern_weight(each) for each in schemas)
            if compiled > MAX_COMPILED:
                raise Unfit(pointer, f"with this, more than {MAX_COMPILED} schemas are compiled: divide the document")
            if patterns > MAX_PATTERN_WEIGHT:
                raise Unfit(pointer, "with this, too many or too large patterns are compiled: divide the document")
            measures[pointer] = Measure(widths[index], any("anyOf" in each or "oneOf" in each for each in schemas))
            yield
        return measures

    def _widths(self) -> Generator[None, None, list[int]]:
        """How many schemas are tried at one place of any body, at most, if each of all is the one it is held to."""
        closures = _Closures(self.nodes)
        groups = []
        for index in range(len(self.nodes)):
            groups.append(closures.groups(index))
            if index % STEPS == 0:
                yield
        tried = [closures.size(index) for index in range(len(self.nodes))]
        widest = tried
        seen: set[int] = set()
        for _ in range(MAX_BODY_LEVELS):  # one level of the body after the other
            deeper: list[int] = []
            for each in groups:
                deeper.append(max((sum(times * tried[t] for t, times in group) for group in each), default=0))
                if len(deeper) % (8 * STEPS) == 0:
                    yield
            tried = deeper
            widest = list(map(max, widest, tried))
            worst = max(widest, default=0)
            if worst > MAX_WIDTH:
                place = self.nodes[widest.index(worst)].pointer
                raise Unfit(place, f"more than {MAX_WIDTH} schemas may be tried at one place of a body: {ADVICE}")
            state = hash(tuple(tried))
            if state in seen or not any(tried):
                break
            seen.add(state)
            yield
        return widest

    def _reached(self, index: int) -> set[int]:
        reached = {index}
        waiting = [index]
        while waiting:
            node = self.nodes[waiting.pop()]
            new = {*node.here, *node.named.values(), *node.other_names, *node.any_name, *node.items} - reached
            reached |= new
            waiting += new
        return reached

    def resolved(self, pointer: str) -> str:
        """The pointer of the schema that one only refers to, over all references; else its own."""
        node, seen = self.find(pointer), {pointer}
        while node.schema.keys() == {"$ref"}:
            node = self.nodes[node.here[0]]
            if node.pointer in seen:
                raise Unfit(pointer, SELF)
            seen.add(node.pointer)
        return node.pointer

    def find(self, pointer: str) -> Node:
        """The schema at a pointer that was added."""
        return self.nodes[self._index[pointer]]

    def _place(self, pointer: str) -> None:
        schema = lookup(self._document, pointer)
        if isinstance(schema, bool):
            schema = {}
        if not isinstance(schema, dict):
            raise Unfit(pointer, "must be a schema: an object, true or false")
        if len(self.nodes) >= MAX_SCHEMAS:
            raise Unfit(pointer, f"the document has more than {MAX_SCHEMAS} schemas")
        _check(pointer, schema)
        self._index[pointer] = len(self.nodes)
        self.nodes.append(Node(pointer, schema))


SELF = "the schema refers to itself at the same place, and says nothing by that"
ADVICE = "use fewer alternatives, or let a schema refer to itself in one of them only"


class _Closures:
    """What is tried at the same place as a schema, and what that tries one level below."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes
        self._found: dict[int, dict[int, int]] = {}

    def size(self, index: int) -> int:
        return sum(self.of(index).values())

    def of(self, index: int) -> dict[int, int]:
        """How many times each schema is tried at the place of this one."""
        waiting = [index]
        under_way: set[int] = set()
        while waiting:
            at = waiting[-1]
            node = self._nodes[at]
            missing = [each for each in node.here if each not in self._found]
            if at in self._found or not missing:
                self._found.setdefault(at, self._sum(node, at))
                under_way.discard(waiting.pop())
                continue
            if at in under_way:
                raise Unfit(node.pointer, SELF)
            under_way.add(at)
            waiting += missing
        return self._found[index]

    def _sum(self, node: Node, index: int) -> dict[int, int]:
        total = {index: 1}
        for each in node.here:
            for target, times in self._found[each].items():
                total[target] = total.get(target, 0) + times
        if sum(total.values()) > MAX_WIDTH:
            raise Unfit(node.pointer, f"more than {MAX_WIDTH} schemas are tried at one place of a body: {ADVICE}")
        return total

    def groups(self, index: int) -> list[list[tuple[int, int]]]:
        """What is tried on each property, on all other properties, and on items; without what cannot be the widest."""
        members = [(self._nodes[each], times) for each, times in self.of(index).items()]
        names = dict.fromkeys(name for node, _ in members for name in node.named)
        found: dict[tuple[tuple[int, int], ...], None] = {}
        for name in (*names, None):
            found[_group((_on_name(node, name), times) for node, times in members)] = None
        found[_group((node.items, times) for node, times in members)] = None
        found.pop((), None)
        return [list(each) for each in found]


def _on_name(node: Node, name: str | None) -> list[int]:
    known = node.named.get(name) if name is not None else None
    return [*(node.other_names if known is None else (known,)), *node.any_name]


def _group(parts: Iterable[tuple[list[int], int]]) -> tuple[tuple[int, int], ...]:
    total: dict[int, int] = {}
    for targets, times in parts:
        for target in targets:
            total[target] = total.get(target, 0) + times
    return tuple(sorted(total.items()))


def lookup(document: object, pointer: str) -> object:
    """The value at a JSON Pointer (RFC 6901).

    Raises:
        Unfit: there is none.
    """
    value = document
    parts = pointer.split("/")[1:]
    if len(parts) > MAX_LEVELS:
        raise Unfit(pointer[:200], f"the document is nested more than {MAX_LEVELS} levels deep")
    for part in parts:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and len(key) < 7 and int(key) < len(value):
            value = value[int(key)]
        else:
            raise Unfit(pointer[:200], "there is nothing at this place")
    return value


def below(pointer: str, *keys: str | int) -> str:
    """The pointer of what is inside."""
    return "/".join((pointer, *(str(key).replace("~", "~0").replace("/", "~1") for key in keys)))


def target_of(reference: object, pointer: str) -> str:
    """The pointer that a `$ref` at a place names.

    Raises:
        Unfit: it leads out of the document.
    """
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise Unfit(pointer, "`$ref` must begin with '#/': nothing outside of the document is fetched")
    return unquote(reference[1:])


def _check(pointer: str, schema: Json) -> None:
    for keyword in UNUSABLE:
        if keyword in schema:
            raise Unfit(pointer, f"`{keyword}` cannot be used; use `$ref` with a pointer as '#/$defs/name'")
    if "$id" in schema and pointer:
        raise Unfit(pointer, "`$id` can stand at the root of a document only")
    dialect = schema.get("$schema")
    if dialect is not None and dialect not in DIALECTS:
        raise Unfit(pointer, "`$schema` must be JSON Schema 2020-12")
    patterns = schema.get("patternProperties")
    if isinstance(patterns, dict) and len(patterns) > MAX_PATTERN_PROPERTIES:
        raise Unfit(pointer, f"`patternProperties` must have at most {MAX_PATTERN_PROPERTIES} patterns")
    options = schema.get("enum")
    if isinstance(options, list) and sum(isinstance(each, dict | list) for each in options) > MAX_LISTED_CONTAINERS:
        raise Unfit(pointer, f"`enum` must have at most {MAX_LISTED_CONTAINERS} objects and lists")
    if any(len(text) > MAX_PATTERN_CHARACTERS for text in _patterns(schema)):
        raise Unfit(pointer, f"a pattern must have at most {MAX_PATTERN_CHARACTERS} characters")


def _pattern_weight(schema: Json) -> int:
    return sum(1 + _characters(each) // WEIGHT_CHARACTERS for each in _patterns(schema))


def _patterns(schema: Json) -> list[str]:
    among = schema.get("patternProperties")
    texts = [schema.get("pattern"), *(among if isinstance(among, dict) else ())]
    return [each for each in texts if isinstance(each, str)]


def _characters(pattern: str) -> int:
    """About how many it has with its repetitions written out."""
    groups = [0]
    last = 0  # of what a repetition would repeat
    for token in PIECE.findall(pattern):
        if token == "(":
            groups.append(0)
            continue
        if token == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif token.startswith("{") and len(token) > 1:
            repeated = last * max(1, *(int(each[:6]) for each in re.findall("[0-9]+", token)))
            groups[-1] += repeated - last
            last = repeated
        else:
            last = 1
            groups[-1] += 1
        if groups[-1] > MOST_CHARACTERS:
            return MOST_CHARACTERS
    return sum(groups)


def _tried(node: Node) -> Iterator[tuple[str, Callable[[int], object]]]:
    """The pointers of the schemas that a schema tries, each with what takes note of it."""
    at, schema = node.pointer, node.schema
    if "$ref" in schema:
        yield target_of(schema["$ref"], at), node.here.append
    for keyword in HERE:
        if keyword in schema:
            yield below(at, keyword), node.here.append
    for keyword in HERE_LISTS:
        yield from ((below(at, keyword, number), node.here.append) for number in _numbers(schema, keyword))
    yield from ((below(at, "dependentSchemas", name), node.here.append) for name in _names(schema, "dependentSchemas"))
    yield from _tried_on_properties(node)
    yield from ((below(at, "prefixItems", number), node.items.append) for number in _numbers(schema, "prefixItems"))
    for keyword in ITEMS:
        if isinstance(schema.get(keyword), dict):
            yield below(at, keyword), node.items.append


def _tried_on_properties(node: Node) -> Iterator[tuple[str, Callable[[int], object]]]:
    at, schema = node.pointer, node.schema
    for name in _names(schema, "properties"):
        yield below(at, "properties", name), _naming(node, name)
    for pattern in _names(schema, "patternProperties"):
        yield below(at, "patternProperties", pattern), node.any_name.append
    if isinstance(schema.get("additionalProperties"), dict):
        yield below(at, "additionalProperties"), node.other_names.append
    if isinstance(schema.get("unevaluatedProperties"), dict):
        yield below(at, "unevaluatedProperties"), node.any_name.append


def _naming(node: Node, name: str) -> Callable[[int], object]:
    return lambda index: node.named.__setitem__(name, index)


def _names(schema: Json, keyword: str) -> Iterable[str]:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else ()


def _numbers(schema: Json, keyword: str) -> Iterable[int]:
    value = schema.get(keyword)
    return range(len(value)) if isinstance(value, list) else ()
