"""What is generated from the schemas is current."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from pytest import mark

from config_schemas import export
from config_schemas.registry import KINDS

ROOT = Path(__file__).parents[2]


def test_generated_files_are_current() -> None:
    assert export.stale_files(ROOT) == []


@mark.parametrize("kind", KINDS)
def test_each_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(json.loads(json.dumps(export.json_schema(KINDS[kind]))))


def test_check_names_what_is_stale_and_the_command_repairs_it(tmp_path: Path) -> None:
    arguments = ["--root", str(tmp_path)]

    assert export.main([*arguments, "--check"]) == 1
    assert export.main(arguments) == 0
    assert export.main([*arguments, "--check"]) == 0
