"""Reads resources from files, folders and standard input."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from control_plane.admission.decode import parse_documents
from control_plane.admission.limits import MAX_REQUEST_BYTES
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.invocation import Command
from control_plane.errors import ControlPlaneError

Document = dict[str, Any]
SUFFIXES = (".yaml", ".yml", ".json")


def file_option(*, required: bool) -> Callable[[Command], Command]:
    """Add `--file`, as `files`."""
    return click.option(
        "-f", "--file", "files", multiple=True, required=required, help="A file, a folder, or - for standard input."
    )


def read_documents(paths: tuple[str, ...], *, errors: list[str] | None = None) -> list[tuple[str, Document]]:
    """Documents with where each came from. A folder stands for all its YAML and JSON files, folders in it included, but
    for hidden ones.

    Where `errors` is given, it takes what is wrong with files that are no YAML or JSON, and the others are read.

    Raises:
        CliError: a file cannot be read or is no YAML or JSON, or there is no document at all.
    """
    found: list[tuple[str, Document]] = []
    for path in paths:
        for name, data in _contents(path):
            try:
                documents = parse_documents(data, "application/yaml")
            except ControlPlaneError as error:
                if errors is None:
                    raise CliError(f"{name}: {error.message}", ExitCode.INVALID) from error
                errors.append(f"{name}: {error.message}")
                continue
            found += ((name, document) for document in documents)
    if not found and not errors:
        raise CliError(f"no document in {', '.join(paths)}", ExitCode.USAGE)
    return found


def label(document: Document) -> str:
    """What to call a document that may be no resource."""
    kind, metadata = str(document.get("kind", "document")), document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{kind} '{name}'" if name else kind


def _contents(path: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents. What is larger than a request may be is not read to its end."""
    if path == "-":
        yield "standard input", sys.stdin.buffer.read(MAX_REQUEST_BYTES + 1)
        return
    place = Path(path)
    files = [place]
    if place.is_dir():
        files = sorted(file for file in place.rglob("*") if file.suffix in SUFFIXES and _is_meant(file, place))
    for file in files:
        try:
            with file.open("rb") as opened:
                yield str(file), opened.read(MAX_REQUEST_BYTES + 1)
        except OSError as error:
            raise CliError(f"cannot read {file}: {error.strerror}", ExitCode.USAGE) from error


def _is_meant(file: Path, folder: Path) -> bool:
    """Whether it is a file and not hidden: Kubernetes keeps a mounted volume's files twice."""
    return file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
