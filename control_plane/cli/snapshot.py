"""`isthmus snapshot`: what a new replica starts from while no control plane answers."""

from collections.abc import Mapping
from pathlib import Path

import click

from control_plane.cli.client import Client
from control_plane.cli.invocation import call
from control_plane.cli.private_file import private_file


@click.command()
@click.option("-g", "--gateway", default="default", show_default=True, help="The Gateway whose replicas it is for.")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
@click.option(
    "--schema-version", type=click.IntRange(min=1), help="For replicas of an older release. [default: newest]"
)
def snapshot(gateway: str, output: Path, schema_version: int | None) -> None:
    """Write a bootstrap snapshot of a Gateway.

    It is what the Gateway's replicas serve now, sealed under their group's key, for `isthmus-data-plane
    --bootstrap-snapshot`. The control plane needs `--last-good-key-file`.
    """
    query: Mapping[str, str] = {"schemaVersion": str(schema_version)} if schema_version else {}
    with private_file(output) as file:

        async def run(client: Client) -> None:
            await client.download(f"/v1/tenants/platform/gateways/{gateway}/snapshot", file, query=query)

        call(run)
        size = file.tell()
    click.echo(f"{output}: {size} bytes for the replicas of the Gateway '{gateway}'", err=True)
