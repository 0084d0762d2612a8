"""What is generated from the resource schemas: `python -m config_schemas.export` writes it, `--check` compares.

JSON Schemas for editors and other tools, the reference page, and the msgspec structs that a data plane decodes with.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic.json_schema import models_json_schema

from config_schemas.base import Resource
from config_schemas.reference_page import reference_page
from config_schemas.registry import KINDS
from config_schemas.struct_source import struct_source

SCHEMA_FOLDER = "docs/schemas"
REFERENCE_PAGE = "docs/reference/resources.md"
STRUCTS = "data_plane/config/structs.py"


def json_schema(kind: type[Resource]) -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of one kind, complete in itself."""
    _, definitions = models_json_schema([(kind, "validation")], by_alias=True)
    schema = definitions["$defs"].pop(kind.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://isthmus.dev/schemas/v1/{kind.KIND}.json",
        **schema,
        "$defs": definitions["$defs"],
    }


def generated_files() -> Mapping[str, str]:
    """All that is generated: text by path in the checkout."""
    files = {
        f"{SCHEMA_FOLDER}/{name}.json": json.dumps(json_schema(kind), indent=2, sort_keys=True) + "\n"
        for name, kind in KINDS.items()
    }
    files[REFERENCE_PAGE] = reference_page(KINDS.values())
    files[STRUCTS] = struct_source(KINDS.values())
    return files


def stale_files(root: Path) -> list[str]:
    """Paths below `root` whose content is not what the schemas give now."""
    return [
        name
        for name, text in generated_files().items()
        if not (root / name).exists() or (root / name).read_text() != text
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m config_schemas.export", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not current")
    parser.add_argument("--root", type=Path, default=Path(), help="the checkout")
    options = parser.parse_args(arguments)
    stale = stale_files(options.root)
    if options.check:
        for name in stale:
            sys.stderr.write(f"{name} is not current: run `python -m config_schemas.export`\n")
        return 1 if stale else 0
    files = generated_files()
    for name in stale:
        path = options.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
