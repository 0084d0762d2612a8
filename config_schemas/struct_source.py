"""Source text of msgspec structs that decode what the pydantic resources accept, thirty times as fast.

They check types and bounds of single fields; what relates two fields to each other is admission's and the compiler's.
Unknown fields are ignored: a control plane may be newer than a data plane.
"""

import subprocess
import sys
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config_schemas.base import Resource

HEADER = '''"""Resources as the data plane decodes them.

Generated from config_schemas by `python -m config_schemas.export`: do not edit.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct
'''
# msgspec's patterns are Python's, where `$` also matches before a last newline; pydantic's are Rust's.
END_OF_TEXT = r"\Z"


def struct_source(kinds: Iterable[type[Resource]]) -> str:
    """The module's text."""
    kinds = list(kinds)
    classes: dict[str, str] = {}
    for kind in kinds:
        _add_class(kind, classes)
    table = ", ".join(f'"{kind.KIND}": {kind.__name__}' for kind in kinds)
    union = " | ".join(kind.__name__ for kind in kinds)
    source = [HEADER, *classes.values(), f"Resource = {union}\n\nSTRUCTS: dict[str, type[Resource]] = {{{table}}}\n"]
    return _formatted("\n\n".join(source))


def _add_class(model: type[BaseModel], classes: dict[str, str]) -> None:
    """Add the class after those that it needs."""
    if model.__name__ in classes:
        return
    fields = [_field(name, info, classes) for name, info in model.model_fields.items()]
    head = f'class {model.__name__}(Struct, frozen=True, rename="camel", kw_only=True, gc=False):'
    body = "\n".join(f"    {field}" for field in fields)
    if any(info.repr is False for info in model.model_fields.values()):
        body += f'\n\n    def __repr__(self) -> str:\n        return "{model.__name__}(...)"'
    classes[model.__name__] = f"{head}\n{body}\n"


def _field(name: str, info: FieldInfo, classes: dict[str, str]) -> str:
    text = _type(info.annotation, info.metadata, classes)
    if info.default is PydanticUndefined:
        return f"{name}: {text}"
    return f"{name}: {text} = {_default(info.default)}"


def _type(annotation: Any, metadata: Iterable[object], classes: dict[str, str]) -> str:
    text = _plain_type(annotation, classes)
    bounds = _bounds(metadata)
    return f"Annotated[{text}, Meta({bounds})]" if bounds else text


def _plain_type(annotation: Any, classes: dict[str, str]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], arguments[1:], classes)
    if origin is Literal:
        return f"Literal[{', '.join(map(_default, arguments))}]"
    if origin in (Union, UnionType):
        return " | ".join("None" if each is NoneType else _plain_type(each, classes) for each in arguments)
    if origin is tuple:
        return f"tuple[{_plain_type(arguments[0], classes)}, ...]"
    if origin is dict:
        return f"dict[{', '.join(_plain_type(each, classes) for each in arguments)}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        _add_class(annotation, classes)
    elif annotation not in (str, int):
        raise TypeError(f"{annotation} has no struct type yet")
    return str(annotation.__name__)


def _bounds(metadata: Iterable[object]) -> str:
    """Arguments of `Meta`."""
    bounds: dict[str, int | str] = {}
    for item in _flattened(metadata):
        match item:
            case annotated_types.Ge(ge=int(bound)):
                bounds["ge"] = bound
            case annotated_types.Le(le=int(bound)):
                bounds["le"] = bound
            case annotated_types.MinLen(min_length=bound):
                bounds["min_length"] = bound
            case annotated_types.MaxLen(max_length=int(bound)):
                bounds["max_length"] = bound
            case StringConstraints():
                bounds |= {
                    name: value
                    for name in ("pattern", "min_length", "max_length")
                    if (value := getattr(item, name)) is not None
                }
            case _ if isinstance(pattern := getattr(item, "pattern", None), str):  # what pydantic makes of a pattern
                bounds["pattern"] = pattern
            case _:
                raise TypeError(f"{item!r} has no struct bound yet")
    return ", ".join(f"{name}={_bound(name, value)}" for name, value in bounds.items())


def _flattened(metadata: Iterable[object]) -> Iterable[object]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _bound(name: str, value: int | str) -> str:
    if name != "pattern":
        return repr(value)
    pattern = str(value)
    if pattern.endswith("$"):
        pattern = pattern[:-1] + END_OF_TEXT
    elif pattern.endswith("$)"):
        pattern = pattern[:-2] + END_OF_TEXT + ")"
    return _raw(pattern)


def _raw(pattern: str) -> str:
    return f"r'{pattern}'" if '"' in pattern else f'r"{pattern}"'


def _default(value: object) -> str:
    match value:
        case BaseModel():
            given = {name: getattr(value, name) for name in value.model_fields_set}
            return f"{type(value).__name__}({', '.join(f'{name}={_default(each)}' for name, each in given.items())})"
        case tuple():
            return f"({''.join(_default(each) + ', ' for each in value)})"
        case str():
            return _quoted(value)
        case _:
            return repr(value)


def _quoted(value: object) -> str:
    return f'"{value}"'


def _formatted(source: str) -> str:
    formatter = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "structs.py", "-"]
    return subprocess.run(formatter, input=source, capture_output=True, text=True, check=True).stdout
