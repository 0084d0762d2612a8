"""`isthmus import`: resources out of what another gateway was configured with."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.import_text import head, report_json, report_text, resource_texts, secret_texts
from control_plane.cli.private_file import private_file
from control_plane.litellm_import.conversion import Converted, Wish, convert
from control_plane.litellm_import.finding import Finding, Unreadable
from control_plane.litellm_import.includes import merge_includes
from control_plane.litellm_import.resource_name import is_name
from control_plane.litellm_import.yaml_config import MAX_BYTES, read_config

STANDARD = "-"
FILE_DOCUMENTS = 500  # 1,000 are taken
MAX_DOCUMENTS = 1_000
ATOMIC_DOCUMENTS = 40
ROUTE_PATH = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]{0,1000}")


@click.group(name="import")
def import_resources() -> None:
    """Make resources out of the configuration of another gateway."""


@dataclass(frozen=True, slots=True)
class _Output:
    """Where it goes. `secrets`: a file of their own, empty if they go with the rest."""

    place: str
    secrets: str
    is_forced: bool
    shows_secrets: bool


@import_resources.command()
@click.argument("config")
@click.option("-o", "--output", default=STANDARD, help="A file, an existing folder, or - for standard output.")
@click.option("--secrets-file", default="", metavar="FILE", help="Write the Secrets there instead, for its owner only.")
@click.option("-t", "--tenant", default="default", show_default=True, help="The tenant of the resources.")
@click.option("--gateway", default="", metavar="NAME", help="The Gateway of the Route. [default: all of the tenant]")
@click.option("--route-path", default="/", show_default=True, metavar="PATH", help="What the Route's paths begin with.")
@click.option("--model", "models", multiple=True, metavar="NAME", help="Clients use it, and a wildcard stands for it.")
@click.option("--read-environment", is_flag=True, help="Take `os.environ/NAME` from the environment of this command.")
@click.option("--show-secrets", is_flag=True, help="Write secret values to a terminal, too.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--strict", is_flag=True, help="End with the status 1 if something has no equivalent.")
@click.option("--report", type=click.Choice(("text", "json")), default="text", show_default=True, help="On stderr.")
def litellm(config: str, tenant: str, gateway: str, route_path: str, models: tuple[str, ...], **options: Any) -> None:
    """Turn a LiteLLM proxy's configuration into resources, and list what has no equivalent.

    Models, providers, credentials, aliases and timeouts become resources for `apply`. All else is listed with the
    reason, on standard error and at the head of the result. Secret values that LiteLLM reads from its environment are
    left empty, which `apply` refuses until they are filled in.
    """
    findings: list[Finding] = []
    environment = os.environ if options["read_environment"] else {}
    wish = replace(_wish(tenant, gateway, route_path), models=models)
    try:
        read = merge_includes(read_config(_contents(config)), lambda path: _included(config, path), findings)
        converted = convert(read, wish, environment, findings)
    except Unreadable as error:
        raise CliError(f"{config}: {error}", ExitCode.INVALID) from error
    output = _Output(options["output"], options["secrets_file"], options["force"], options["show_secrets"])
    source = "standard input" if config == STANDARD else Path(config).name
    _write(converted, source, output)
    _report(converted, options["report"])
    if options["strict"] and any(each.weight == "NotMapped" for each in converted.findings):
        raise CliError("not all of it has an equivalent", ExitCode.FAILED)


def _wish(tenant: str, gateway: str, route_path: str) -> Wish:
    for option, name in (("--tenant", tenant), ("--gateway", gateway or "any")):
        if not is_name(name):
            raise click.UsageError(f"{option} must be a name: lower-case letters, digits, `-` and `.`")
    if ROUTE_PATH.fullmatch(route_path) is None:
        raise click.UsageError("--route-path must be a path that begins with a `/`")
    return Wish(tenant=tenant, gateway=gateway, route_path=route_path)


def _contents(path: str) -> bytes:
    if path == STANDARD:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CliError(f"cannot read {path}: {error.strerror}", ExitCode.USAGE) from error


def _included(config: str, path: str) -> Mapping[str, object]:
    folder = Path() if config == STANDARD else Path(config).parent
    try:
        return read_config(_contents(str(folder / path)))
    except Unreadable as error:
        raise Unreadable(f"in {path}: {error}") from error
    except ValueError as error:  # a path with a null byte
        raise Unreadable("`include` has a path that no file can have") from error


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _write(converted: Converted, source: str, output: _Output) -> None:
    is_terminal = output.place == STANDARD and _is_terminal()
    shows = not is_terminal or output.shows_secrets or bool(output.secrets)
    secrets, resources = secret_texts(converted, shows_values=shows), resource_texts(converted)
    beginning = head(source, converted.findings)
    if output.secrets:
        _write_file(Path(output.secrets), [f"# Secrets of {source}.\n", "---\n".join(secrets)], output.is_forced)
        secrets = []
    texts = secrets + resources
    if output.place != STANDARD and Path(output.place).is_dir():
        for number in range(0, max(len(texts), 1), FILE_DOCUMENTS):
            place = Path(output.place) / f"resources-{number // FILE_DOCUMENTS + 1:04}.yaml"
            part = "---\n".join(texts[number : number + FILE_DOCUMENTS])
            _write_file(place, [beginning if number == 0 else "", part], output.is_forced)
        return
    if len(texts) > MAX_DOCUMENTS:
        click.echo(f"warning: `apply` takes {MAX_DOCUMENTS} resources at once: give -o a folder", err=True)
    whole = [beginning, "---\n".join(texts)]
    if output.place == STANDARD:
        click.echo("".join(whole), nl=False)
    else:
        _write_file(Path(output.place), whole, output.is_forced)


def _write_file(place: Path, texts: Sequence[str], is_forced: bool) -> None:
    if place.exists() and not is_forced:
        raise CliError(f"{place} is there already: choose another file, or --force", ExitCode.USAGE)
    with private_file(place) as file:
        file.write("".join(texts).encode())


def _report(converted: Converted, form: str) -> None:
    if form == "json":
        click.echo(report_json(converted), err=True)
        return
    count = len(converted.documents) + len(converted.secrets)
    click.echo(f"{count} resources{report_text(converted.findings)}", err=True)
    if count > ATOMIC_DOCUMENTS:
        click.echo(f"\nmore than {ATOMIC_DOCUMENTS} resources: `isthmus apply --no-atomic` takes them", err=True)
