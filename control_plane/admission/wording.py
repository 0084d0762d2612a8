"""Pydantic's errors in plain words: which field, and what is allowed there. Never the value, which may be a secret."""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config_schemas import base
from control_plane.errors import FieldError

PATTERNS: Mapping[str, str] = {
    base.NAME_PATTERN: "must be lowercase letters, digits, '-' and '.', with a letter or digit first and last",
    base.LABEL_PATTERN: "must be letters, digits, '-', '_', '.' and '/', with a letter or digit first and last",
    r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$": "must be a time in UTC such as '2027-01-31T12:00:00Z'",
    r'^(https?://[!-"$->A-~]+)?$': "must be an 'http://' or 'https://' address, without query or login",
    r'^https?://[!-"$->A-~]+$': "must be an 'http://' or 'https://' address, without query or login",
    r"^[!-~]+$": "must be ASCII without spaces",
    r"^[!#-\[\]-~]+$": "must be one scope: ASCII without spaces, '\"' and '\\'",
    r"^(/var)?/run(/[.]?[A-Za-z0-9_-][A-Za-z0-9._-]*)+$": "must be the path of a file below '/var/run' or '/run'",
    r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$": (
        "must be the ARN of a role such as 'arn:aws:iam::123456789012:role/gateway'"
    ),
    r"^[A-Za-z0-9+=,.@_-]{2,64}$": "must be 2 to 64 letters, digits and '+=,.@_-'",
    r"^[A-Za-z0-9+=,.@:/_-]{2,1224}$": "must be 2 to 1224 letters, digits and '+=,.@:/_-'",
    r"^[a-z0-9-]+$": "must be lowercase letters, digits and '-'",
    r"^[A-Za-z0-9][A-Za-z0-9.-]*$": "must be letters, digits, '.' and '-', with a letter or digit first",
    r"^[0-9]{1,6}(\.[0-9]{1,9})?$": "must be an amount of USD such as '0.25', with at most 9 decimal places",
    r"^sha256:[0-9a-f]{64}$": "must be 'sha256:' and 64 hexadecimal digits",
}

Facts = Mapping[str, Any]
SENTENCES: Mapping[str, Callable[[Facts], str]] = {
    "missing": lambda facts: "is required",
    "string_type": lambda facts: "must be text",
    "int_type": lambda facts: "must be a whole number",
    "int_from_float": lambda facts: "must be a whole number",
    "int_parsing_size": lambda facts: "must be a smaller number",
    "tuple_type": lambda facts: "must be a list",
    "list_type": lambda facts: "must be a list",
    "dict_type": lambda facts: "must be an object",
    "model_type": lambda facts: "must be an object",
    "model_attributes_type": lambda facts: "must be an object",
    "literal_error": lambda facts: f"must be one of {facts['expected']}".replace(" or ", ", "),
    "string_pattern_mismatch": lambda facts: PATTERNS.get(facts["pattern"], f"must match `{facts['pattern']}`"),
    "string_too_short": lambda facts: f"must have at least {facts['min_length']} characters",
    "string_too_long": lambda facts: f"must have at most {facts['max_length']} characters",
    "too_short": lambda facts: f"must have at least {facts['min_length']} entries",
    "too_long": lambda facts: f"must have at most {facts['max_length']} entries",
    "greater_than_equal": lambda facts: f"must be at least {facts['ge']}",
    "less_than_equal": lambda facts: f"must be at most {facts['le']}",
    "value_error": lambda facts: str(facts["error"]),
}


def field_errors(kind: type[BaseModel], error: ValidationError) -> list[FieldError]:
    """Everything that is wrong, in the order of the fields."""
    details = error.errors(include_url=False, include_input=False)
    # A list whose entries are refused counts as empty; to say so would mislead.
    inner = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    details = [detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in inner]
    return [FieldError(path_of(detail["loc"]), _sentence(kind, detail)) for detail in details]


def path_of(location: Sequence[str | int]) -> str:
    """`spec.versions[0].weight`; keys that are no plain names are quoted: `metadata.labels["a/b"]`."""
    path = ""
    for part in location:
        if part == "[key]":
            continue
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.replace("_", "").replace("-", "").isalnum():
            path += f".{part}" if path else part
        else:
            path += f'["{part[:128]}"]'
    return path


def _sentence(kind: type[BaseModel], detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return f"is not known; allowed are {', '.join(f'`{name}`' for name in _fields_at(kind, detail['loc'][:-1]))}"
    sentence = SENTENCES.get(detail["type"])
    message = sentence(detail.get("ctx", {})) if sentence else detail["msg"][0].lower() + detail["msg"][1:]
    return f"has a key that {message}" if detail["loc"][-1:] == ("[key]",) else message


def _fields_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """What the object at `location` may have."""
    current: Any = model
    for part in location:
        current = _step(current, part)
    found = _model_of(current)
    return [field.alias or name for name, field in found.model_fields.items()] if found else []


def _step(annotation: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return annotation  # an entry of a list, whose model is found through the list
    if found := _model_of(annotation):
        return next(
            (field.annotation for name, field in found.model_fields.items() if part in (field.alias, name)), None
        )
    return None


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The one model in an annotation: `X`, `X | None`, `tuple[X, ...]`, annotated or not."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType, tuple):
        return next((model for part in get_args(annotation) if (model := _model_of(part))), None)
    return None
