"""`isthmus downgrade-check`: what an older release could not read."""

import click

from config_schemas.registry import KINDS
from config_schemas.version import SCHEMA_VERSION, newer_names, uses
from control_plane.cli.client import Client
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.invocation import FORMS, call, output_option
from control_plane.cli.kinds import collection_path, display_name
from control_plane.cli.listing import read_all
from control_plane.cli.output import print_document, print_table


@click.command("downgrade-check")
@click.option(
    "--schema-version",
    type=click.IntRange(1, SCHEMA_VERSION),
    required=True,
    help="What the older release knows; its `isthmus --version` prints it.",
)
@output_option(*FORMS)
def downgrade_check(schema_version: int, output: str) -> None:
    """List the resources that an older release could not read.

    Run it before a release is rolled back. The exit status is 0 if there are none, and 8 if there are: change or delete
    them first. An older control plane takes no part in what it cannot read, and its replicas refuse it.
    """
    found: list[dict[str, str]] = []

    async def run(client: Client) -> None:
        found.extend(await _find(client, schema_version))

    call(run)
    if output != "table":
        print_document({"schemaVersion": schema_version, "items": found}, output)
    elif found:
        print_table(("RESOURCE", "USES"), ((each["resource"], each["uses"]) for each in found))
    else:
        click.echo(f"a release of schema version {schema_version} can read everything")
    if found:
        raise CliError(
            f"{len(found)} resources use what came after schema version {schema_version}", ExitCode.DIFFERENT
        )


async def _find(client: Client, schema_version: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for kind in KINDS.values():
        if not newer_names(kind.KIND, schema_version):
            continue
        items, _ = await read_all(client, collection_path(kind, None), {})
        for item in items:
            if fields := uses(item, schema_version):
                name = display_name(kind, item["metadata"]["tenant"], item["metadata"]["name"])
                found.append({"resource": name, "uses": ", ".join(fields)})
    return found
