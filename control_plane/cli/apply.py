"""`isthmus apply`: bring the control plane to what files say."""

import click

from control_plane.cli.batch import Batch, outcome_name, prune_options
from control_plane.cli.client import Client
from control_plane.cli.documents import file_option
from control_plane.cli.invocation import call


@click.command()
@file_option(required=True)
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
@prune_options
@click.option("--no-atomic", is_flag=True, help="Apply one by one in order of dependency: for more than 40 resources.")
@click.option("--allow-skew", is_flag=True, help="Also what connected replicas are too old for: they get the rest.")
def apply(files: tuple[str, ...], dry_run: bool, prune: bool, selector: str, no_atomic: bool, allow_skew: bool) -> None:
    """Create or change the resources in files: all of them or none.

    What is already as the files say stays untouched.
    """
    settings = {"dryRun": dry_run, "atomic": not no_atomic, "allowSkew": allow_skew}
    batch = Batch(files, settings, prune=prune, selector=selector)

    async def run(client: Client) -> None:
        async for outcome in batch.send(client):
            click.echo(f"{outcome_name(outcome)} {outcome['action']}{' (dry run)' if dry_run else ''}")

    call(run)
