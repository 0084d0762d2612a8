"""The generated structs decode what the schemas accept, to the same values."""

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pytest import mark, raises

from config_schemas.canonical import to_bytes
from config_schemas.registry import KINDS
from data_plane.config.structs import STRUCTS
from tests.fakes.resources import documents


def plain(value: object) -> Any:
    """Models and structs as the same data."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


@given(documents())
@settings(max_examples=300, deadline=None)
def test_a_valid_resource_decodes_to_the_same_values(document: dict[str, Any]) -> None:
    kind = KINDS[document["kind"]]
    resource = kind.model_validate_json(json.dumps(document))

    decoded = msgspec.json.decode(to_bytes(resource), type=STRUCTS[kind.KIND])

    assert plain(decoded) == plain(resource)


@given(documents(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_value_out_of_its_field_s_bounds_is_refused_by_both(document: dict[str, Any], data: st.DataObject) -> None:
    kind = KINDS[document["kind"]]
    damaged = damage(document, data)
    text = json.dumps(damaged)

    try:
        msgspec.json.decode(text, type=STRUCTS[kind.KIND])
    except msgspec.ValidationError:
        with raises(ValueError):
            kind.model_validate_json(text)


def damage(value: Any, data: st.DataObject) -> Any:
    """The value with one part of it replaced."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: damage(value[key], data)}
    return data.draw(st.sampled_from([None, 0, -1, 10**9, "", "Ü/", "a" * 5000, [], {}, ["x"], {"a": 1}, True, 1.5]))


@mark.parametrize("kind", KINDS)
def test_unknown_fields_are_ignored(kind: str) -> None:
    document = {
        "apiVersion": "isthmus.dev/v1",
        "kind": kind,
        "metadata": {"name": "a", "tenant": "default", "later": 1},
        "later": {},
    }
    if kind in ("Tenant", "Gateway", "Team", "Application"):
        decoded = msgspec.json.decode(json.dumps(document), type=STRUCTS[kind])
        assert decoded.metadata.name == "a"
    else:
        with raises(msgspec.ValidationError, match="`spec`"):
            msgspec.json.decode(json.dumps(document), type=STRUCTS[kind])


def test_a_secret_does_not_show_in_a_repr() -> None:
    document = {"metadata": {"name": "a"}, "spec": {"data": {"value": "hunter2"}}}

    assert "hunter2" not in repr(msgspec.json.decode(json.dumps(document), type=STRUCTS["Secret"]))
