"""What a ValidationPolicy takes as a document."""

import json
from typing import Any

from pydantic import ValidationError
from pytest import mark, raises

from config_schemas.policies.validation import MAX_DOCUMENT_BYTES, ValidationPolicy


def policy(**spec: Any) -> ValidationPolicy:
    document = {"metadata": {"name": "a"}, "spec": {"selector": {"kind": "Service"}, **spec}}
    return ValidationPolicy.model_validate_json(json.dumps(document))


@mark.parametrize(
    ("given", "kept"),
    [
        ({"a": {"\u00e9": [1, None, 1.5]}}, '{"a":{"\u00e9":[1,null,1.5]}}'),
        ('{"a": 1}', '{"a": 1}'),  # admission makes it compact; here text is text
        ({}, "{}"),
    ],
)
def test_objects_are_kept_as_text(given: object, kept: str) -> None:
    assert policy(requestSchema=given).spec.request_schema == kept


def test_a_policy_has_the_same_form_however_often_it_is_read() -> None:
    once = policy(openapi={"document": {"openapi": "3.1.0"}})

    assert ValidationPolicy.model_validate_json(once.model_dump_json()) == once


@mark.parametrize("given", [{"a": "x" * MAX_DOCUMENT_BYTES}, "x" * (MAX_DOCUMENT_BYTES - 1), {'"' * 300_000: 1}])
def test_a_document_that_no_resource_can_hold_is_refused(given: object) -> None:
    with raises(ValidationError, match="bytes as JSON text"):
        policy(requestSchema=given)


@mark.parametrize("given", [1, True, [], None])
def test_a_document_is_an_object_or_text(given: object) -> None:
    with raises(ValidationError):
        policy(openapi={"document": given})
