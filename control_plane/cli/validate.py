"""`isthmus validate`: everything about files that can be told without a control plane."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from config_schemas.canonical import resource_path, to_document
from control_plane.admission.references import Ref, foreign_references, references
from control_plane.admission.ties import Claim, claims
from control_plane.admission.validate import parse_document
from control_plane.cli.documents import Document, file_option, label, read_documents
from control_plane.cli.errors import CliError, ExitCode
from control_plane.errors import ControlPlaneError, FieldError

FROM_THE_BEGINNING = ("platform/Tenant/default", "platform/Gateway/default")


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that its kind's schema takes, where it came from, and what it refers to."""

    source: str
    path: str
    document: Mapping[str, Any]
    refs: tuple[Ref, ...]


@click.command()
@file_option(required=True)
@click.option("--closed", is_flag=True, help="Also refuse references to what is in no file.")
def validate(files: tuple[str, ...], closed: bool) -> None:
    """Check files without a control plane.

    Finds all errors at once: fields, references between the files, names and routes that only one may have. What is in
    no file may be at the control plane, so references to it pass unless --closed is given; `apply --dry-run` knows.
    """
    errors: list[str] = []
    read = read_documents(files, errors=errors)
    errors += document_errors(read, closed=closed)
    if errors:
        raise refused(errors)
    click.echo(f"{len(read)} documents are valid")


def refused(errors: Sequence[str]) -> CliError:
    """The error with a line for each."""
    wrong = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return CliError(wrong, ExitCode.INVALID, tuple(f"  {line}" for line in errors))


def document_errors(read: Sequence[tuple[str, Document]], *, closed: bool = False) -> list[str]:
    """A line for everything that is wrong with documents of files, as far as they alone tell."""
    errors: list[str] = []
    checked: list[Checked] = []
    for source, document in read:
        try:
            checked.append(_check(source, document))
        except ControlPlaneError as error:
            errors += _lines(source, label(document), error.field_errors or (FieldError("", error.message),))
    by_path = {each.path: each for each in checked}
    for each in checked:
        found = [*_identity_errors(each, by_path), *_reference_errors(each, by_path, closed)]
        errors += _lines(each.source, each.path, found)
    return errors + _claim_errors(checked)


def _check(source: str, document: Document) -> Checked:
    resource = parse_document(document)
    canonical = to_document(resource)
    return Checked(source, resource_path(resource), canonical, references(canonical))


def _lines(source: str, name: str, errors: Iterable[FieldError]) -> list[str]:
    return [f"{source}: {name}: {f'`{error.path}` ' if error.path else ''}{error.message}" for error in errors]


def _identity_errors(checked: Checked, by_path: Mapping[str, Checked]) -> Iterator[FieldError]:
    if (other := by_path[checked.path]) is not checked:
        yield FieldError("metadata.name", f"is there twice: also in {other.source}")


def _reference_errors(checked: Checked, by_path: Mapping[str, Checked], closed: bool) -> Iterator[FieldError]:
    yield from foreign_references(checked.refs, checked.document["metadata"]["tenant"])
    for ref in checked.refs:
        target = by_path.get(ref.path)
        if target is None:
            if closed and ref.path not in FROM_THE_BEGINNING:
                yield FieldError(ref.field, f"{ref.kind} '{ref.name}' of tenant '{ref.tenant}' is in no file")
        elif ref.secret_key is not None and ref.secret_key not in target.document["spec"]["data"]:
            yield FieldError(ref.field, f"Secret '{ref.name}' has no key '{ref.secret_key}'")


def _claim_errors(checked: list[Checked]) -> list[str]:
    """What only one resource of a tenant may have, and two of the files do."""
    held: dict[tuple[str, str], list[tuple[Checked, Claim]]] = defaultdict(list)
    errors: dict[str, None] = {}  # the same sentence once, however many hosts and methods tie
    for each in checked:
        for claim in claims(each.document):
            holders = held[each.document["metadata"]["tenant"], claim.key]
            for other, their in holders:
                if other.path != each.path and claim.clashes_with(their.gateways):
                    error = FieldError(claim.field, f"{other.path} already has {claim.what}")
                    errors.update(dict.fromkeys(_lines(each.source, each.path, [error])))
            holders.append((each, claim))
    return list(errors)
