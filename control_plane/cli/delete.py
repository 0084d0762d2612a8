"""`isthmus delete`: remove resources."""

import click

from config_schemas.base import Resource
from config_schemas.registry import KINDS
from control_plane.cli.client import Client
from control_plane.cli.documents import Document, file_option, read_documents
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.invocation import call, kind_argument, tenant_option
from control_plane.cli.kinds import display_name, find_kind, item_path

Target = tuple[type[Resource], str, str]  # kind, tenant, name


@click.command()
@kind_argument(required=False)
@click.argument("names", nargs=-1)
@file_option(required=False)
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
@tenant_option
def delete(kind: str | None, names: tuple[str, ...], files: tuple[str, ...], dry_run: bool, tenant: str) -> None:
    """Delete resources by name, or those that files name.

    What others refer to is not deleted; of files, what refers to others goes first.
    """
    if bool(files) == bool(kind) or bool(kind) != bool(names):
        raise click.UsageError("give a kind and names, or files with -f")
    if kind:
        resource_kind = find_kind(kind)
        targets = [(resource_kind, tenant, name) for name in names]
    else:
        targets = sorted((_target(*each) for each in read_documents(files)), key=_order)

    async def run(client: Client) -> None:
        for target in targets:
            await client.request("DELETE", item_path(*target), query={"dryRun": "true"} if dry_run else None)
            click.echo(f"{display_name(*target)} deleted{' (dry run)' if dry_run else ''}")

    call(run)


def _target(source: str, document: Document) -> Target:
    kind, metadata = document.get("kind"), document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    tenant = metadata.get("tenant", "default") if isinstance(metadata, dict) else None
    if not isinstance(kind, str) or kind not in KINDS or not isinstance(name, str) or not isinstance(tenant, str):
        raise CliError(f"{source}: a document has no `kind` that is known, or no `metadata.name`", ExitCode.INVALID)
    return KINDS[kind], tenant, name


def _order(target: Target) -> int:
    return -list(KINDS).index(target[0].KIND)  # kinds stand in the order in which they can be created
