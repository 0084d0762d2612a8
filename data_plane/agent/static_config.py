"""Resources from files instead of a control plane: for development and benchmarks.

No admission, no encryption, no history: Secrets stand in the files in plain text. A change of the files is taken up
within a second.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from config_schemas.canonical import default_tenant, resource_path, to_bytes
from config_schemas.registry import KINDS

SUFFIXES = (".yaml", ".yml", ".json")


class StaticConfigError(Exception):
    """One line: which file, which resource, what is wrong."""


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files in a folder and below."""
    if path.is_dir():
        return sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
    return [path]


def fingerprint(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when a file does."""
    try:
        return tuple((str(each), each.stat().st_mtime_ns, each.stat().st_size) for each in files_of(path))
    except OSError:  # a file was replaced while we looked; the next look tells
        return ()


def load(path: Path) -> dict[str, bytes]:
    """Canonical bytes by resource path.

    Raises:
        StaticConfigError: a file cannot be read, or a document is not a resource.
    """
    resources: dict[str, bytes] = {}
    for file in files_of(path):
        for document in _documents(file):
            name, content = _resource(file, document)
            if name in resources:
                raise StaticConfigError(f"{file}: {name} is there twice")
            resources[name] = content
    return resources


def _documents(file: Path) -> Iterator[Any]:
    try:
        yield from (each for each in yaml.safe_load_all(file.read_text()) if each is not None)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StaticConfigError(f"{file}: {' '.join(str(error).split())}") from error


def _resource(file: Path, document: Any) -> tuple[str, bytes]:
    kind = KINDS.get(document.get("kind", "")) if isinstance(document, dict) else None
    if kind is None:
        raise StaticConfigError(f"{file}: `kind` must be one of {', '.join(KINDS)}")
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        document = {**document, "metadata": {"tenant": default_tenant(kind), **metadata}}
    try:
        resource = kind.model_validate_json(json.dumps(document))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise StaticConfigError(f"{file}: {kind.KIND}: `{field}`: {first['msg']}") from error
    return resource_path(resource), to_bytes(resource)
