"""How commands print: tables, YAML, JSON, differences."""

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
import yaml

from control_plane.cli.printable import printable

Json = dict[str, Any]
FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")  # as people write resources


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their widest cell, two spaces apart."""
    cells = [tuple(columns), *(tuple("" if cell is None else printable(str(cell)) for cell in row) for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def to_yaml(document: Json) -> str:
    """A document as people write it."""
    known = {key: document[key] for key in FIELDS if key in document}
    return yaml.safe_dump({**known, **document}, sort_keys=False, allow_unicode=True, width=120)


def to_json(document: Json) -> str:
    """A document for programs."""
    return json.dumps(document, indent=2)


def print_documents(documents: Sequence[Json], form: str) -> None:
    """Several documents, as a YAML stream or as one JSON object."""
    if form == "json":
        click.echo(to_json({"items": list(documents)}))
        return
    click.echo("---\n".join(to_yaml(document) for document in documents), nl=False)


def print_document(document: Json, form: str) -> None:
    """One document, as YAML or JSON."""
    click.echo(to_json(document) if form == "json" else to_yaml(document).rstrip("\n"))


def difference(before: Json | None, after: Json | None, name: str) -> str:
    """A unified difference of two versions of a resource without what the control plane sets itself."""
    old = to_yaml(_written(before)).splitlines(keepends=True) if before else []
    new = to_yaml(_written(after)).splitlines(keepends=True) if after else []
    return "".join(difflib.unified_diff(old, new, f"{name} (now)", f"{name} (after)"))


def _written(document: Json) -> Json:
    metadata = {
        key: value
        for key, value in document.get("metadata", {}).items()
        if key not in ("revision", "generation", "createdAt")
    }
    return {**{key: value for key, value in document.items() if key != "status"}, "metadata": metadata}
