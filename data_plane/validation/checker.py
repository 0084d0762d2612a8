"""One compiled JSON Schema, and what does not fit it, told without values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from config_schemas.contracts.schema_graph import Measure, Unfit

URI = "urn:isthmus:document"  # what a document is called inside; nothing is ever fetched
MASK = "the value"  # stands in messages where a value would
MAX_VIOLATIONS = 10
MAX_VALUES = 65_536
MIN_VALUES = 1_000
MAX_TRIES = 2_000_000  # of schemas on values, each 10 to 30 ns
MAX_LISTED = 1_000  # tries of which all errors may be made, each up to 10 us
MAX_CHARACTERS = 256
PATTERN_BYTES = 1 << 20  # of one compiled pattern; most have a hundredth

Compile = Callable[[str], jsonschema_rs.Validator]


@dataclass(frozen=True, slots=True)
class Violation:
    """`pointer`: a JSON Pointer into the body; for parameters `place` and `name`, and the pointer into its value."""

    detail: str
    pointer: str = ""
    place: str = ""
    name: str = ""

    def as_json(self) -> Mapping[str, str]:
        """A member of `errors` in problem details, as RFC 9457 has them in its section 3."""
        if self.place:
            return {"detail": self.detail, "in": self.place, "parameter": self.name}
        return {"detail": self.detail, "pointer": "#" + self.pointer}


class Checker:
    """Of one schema. A body with more than `max_values` values would take it long, and is not for it."""

    def __init__(self, validator: jsonschema_rs.Validator, measure: Measure) -> None:
        self._validator = validator
        self._measure = measure
        self.max_values = max(MIN_VALUES, min(MAX_VALUES, MAX_TRIES // measure.width))

    def violations(self, value: object, values: int = 1) -> list[Violation]:
        """Up to ten; of a body with many `values` only the first, or that there are some.

        To judge is a thousand times as quick as to say why: of each alternative, all errors are made.
        """
        if self._validator.is_valid(value):
            return []
        has_alternatives = self._measure.has_alternatives
        if values * (self._measure.width if has_alternatives else 1) <= MAX_LISTED:
            return [_violation(error) for error in islice(self._validator.iter_errors(value), MAX_VIOLATIONS)]
        if has_alternatives:
            return [Violation("the body does not fit, and is too large to say where")]
        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [_violation(error)]
        return []


def compiler(document: Any, *, is_draft_4: bool) -> Compile:
    """What compiles the schema at a pointer of a document. Patterns run in linear time.

    Raises:
        Unfit: the document cannot be indexed. Compiling raises it, too: a schema is none.
    """
    draft = jsonschema_rs.Draft4 if is_draft_4 else jsonschema_rs.Draft202012
    kind = jsonschema_rs.Draft4Validator if is_draft_4 else jsonschema_rs.Draft202012Validator
    try:
        registry = jsonschema_rs.Registry([(URI, document)], draft=draft, retriever=_refuse)
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise Unfit("", _first_line(error)) from None

    def compile_at(pointer: str) -> jsonschema_rs.Validator:
        try:
            return kind(
                {"$ref": f"{URI}#{quote(pointer, safe='/~')}"},
                registry=registry,
                mask=MASK,
                offline=True,
                pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES),
                validate_formats=True,
            )
        except jsonschema_rs.ValidationError as error:
            raise Unfit(_path(error) or pointer, _first_line(error)) from None
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise Unfit(pointer, _first_line(error)) from None

    return compile_at


def _refuse(uri: str, /) -> dict[str, Any]:
    raise ValueError("nothing outside of the document is fetched")


def _violation(error: jsonschema_rs.ValidationError) -> Violation:
    return Violation(error.message[:MAX_CHARACTERS], _path(error)[:MAX_CHARACTERS])


def _path(error: jsonschema_rs.ValidationError) -> str:
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in error.instance_path)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:MAX_CHARACTERS]
