"""`isthmus export`: all resources as files that can be applied, or a backup of the store."""

from collections.abc import Mapping
from pathlib import Path

import click

from config_schemas.registry import KINDS
from control_plane.backup.file import NoBackup, check
from control_plane.cli.client import Client, Json
from control_plane.cli.errors import CliError
from control_plane.cli.invocation import call
from control_plane.cli.kinds import collection_path
from control_plane.cli.listing import read_all
from control_plane.cli.output import to_yaml
from control_plane.cli.parts import parts
from control_plane.cli.private_file import private_file

FILE_DOCUMENTS = 500  # 1,000 are taken
METADATA = ("name", "tenant", "labels")  # what is not set by the control plane
COUNTED = {"resources": "resources", "tokens": "admin tokens", "history": "versions", "audit": "audit entries"}


@click.command()
@click.option("-o", "--output", default="-", help="A file, an existing folder, or - for standard output.")
@click.option("-t", "--tenant", default="", help="Only resources of this tenant.")
@click.option("--sealed", type=click.Path(dir_okay=False, path_type=Path), help="Write a backup for `restore` there.")
@click.option("--no-history", is_flag=True, help="With --sealed: without earlier versions of resources.")
@click.option("--no-audit", is_flag=True, help="With --sealed: without the audit log.")
def export(output: str, tenant: str, sealed: Path | None, no_history: bool, no_audit: bool) -> None:
    """Write all resources as YAML that `apply` takes.

    One file can hold 1,000 resources for `apply`; into a folder, as many files are written as are needed.

    Values of Secrets are not exported: their fingerprints are, which `apply` understands only where the same values
    are already stored.

    With --sealed, write a backup of everything for `isthmus restore` instead: Secrets stay encrypted under the master
    key, which is not in it.
    """
    if sealed is None:
        if no_history or no_audit:
            raise click.UsageError("--no-history and --no-audit go with --sealed")
        _export_documents(output, tenant)
        return
    if tenant or output != "-":
        raise click.UsageError(
            "--sealed is of everything, into the file that it names: leave out --tenant and --output"
        )
    _export_backup(sealed, {"history": _flag(not no_history), "audit": _flag(not no_audit)})


def _export_backup(place: Path, query: Mapping[str, str]) -> None:
    with private_file(place) as file:

        async def run(client: Client) -> None:
            await client.download("/v1/backup", file, query=query)

        call(run)
        file.seek(0)
        try:
            _, summary = check(file)
        except NoBackup as error:
            raise CliError(f"the control plane did not send a whole backup: {error}; try again") from error
    counts = ", ".join(f"{summary.counts[name]} {what}" for name, what in COUNTED.items() if name in summary.counts)
    keys = ", ".join(summary.master_keys) or "none"
    click.echo(f"{place}: {counts}", err=True)
    click.echo(f"master keys needed to restore it, which are not in it: {keys}", err=True)


def _export_documents(output: str, tenant: str) -> None:
    documents: list[Json] = []

    async def run(client: Client) -> None:
        for kind in KINDS.values():
            items, _ = await read_all(client, collection_path(kind, None), {})
            documents.extend(_portable(item) for item in items if tenant in ("", item["metadata"]["tenant"]))

    call(run)
    place = Path(output)
    try:
        if output == "-":
            click.echo(_text(documents), nl=False)
        elif place.is_dir():
            for number, part in enumerate(parts(documents, size=FILE_DOCUMENTS), start=1):
                (place / f"resources-{number:04}.yaml").write_text(_text(part))
        else:
            place.write_text(_text(documents))
    except OSError as error:
        raise CliError(f"cannot write {output}: {error.strerror}") from error
    click.echo(f"{len(documents)} resources exported", err=True)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _text(documents: list[Json]) -> str:
    return "---\n".join(map(to_yaml, documents))


def _portable(item: Json) -> Json:
    metadata = {key: item["metadata"][key] for key in METADATA if key in item["metadata"]}
    return {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata, "spec": item["spec"]}
