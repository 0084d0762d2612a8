"""The OpenAPI document: valid, current, complete."""

import json
from pathlib import Path

import openapi_spec_validator
import pytest

from config_schemas.example import example
from config_schemas.registry import KINDS
from control_plane.api import openapi
from control_plane.api.operations import OPERATIONS

FILE = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_document_is_valid() -> None:
    openapi_spec_validator.validate(json.loads(openapi.text()))


def test_the_file_is_current() -> None:
    assert FILE.read_text() == openapi.text(), "run `python -m control_plane.api.openapi > docs/openapi.json`"


def test_operations_have_ids_and_paths_of_their_own() -> None:
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_examples_are_valid_resources(kind: str) -> None:
    KINDS[kind].model_validate_json(json.dumps(example(kind)))


def test_references_lead_to_components() -> None:
    document = openapi.document()
    text = openapi.text()
    for part in ("schemas", "responses", "parameters", "headers"):
        used = {piece.split('"')[0] for piece in text.split(f"#/components/{part}/")[1:]}
        assert used <= document["components"][part].keys()


def test_every_operation_but_health_needs_a_token() -> None:
    open_paths = {operation.path for operation in OPERATIONS if operation.scope is None}
    assert open_paths == {"/healthz", "/readyz"}
