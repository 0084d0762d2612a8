"""`isthmus rollback`: bring an earlier version of a resource back."""

import click

from control_plane.cli.client import Client
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.invocation import call, kind_argument, tenant_option
from control_plane.cli.kinds import display_name, find_kind, item_path


@click.command()
@kind_argument()
@click.argument("name")
@click.option("--to-revision", type=click.IntRange(min=1), help="One of its history. [default: the one before]")
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
@tenant_option
def rollback(kind: str, name: str, to_revision: int | None, dry_run: bool, tenant: str) -> None:
    """Restore an earlier version of a resource.

    It becomes the newest version; a deleted resource comes back.
    """
    resource_kind = find_kind(kind)
    path = item_path(resource_kind, tenant, name)

    async def run(client: Client) -> None:
        target = to_revision or await _previous(client, path)
        query = {"dryRun": "true"} if dry_run else None
        restored = await client.request("POST", f"{path}/rollback", query=query, body={"revision": target})
        said = "would be as" if dry_run else f"is at revision {restored['metadata']['revision']}, as"
        click.echo(f"{display_name(resource_kind, tenant, name)} {said} it was at revision {target}")

    call(run)


async def _previous(client: Client, path: str) -> int:
    """The newest version before the current one that is no deletion."""
    entries = (await client.request("GET", f"{path}/history"))["items"]
    for entry in entries[1:]:
        if entry["action"] != "deleted":
            return int(entry["revision"])
    raise CliError("there is no earlier version to go back to", ExitCode.NOT_FOUND)
