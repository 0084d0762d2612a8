"""`isthmus diff`: what `apply` would change."""

import click

from control_plane.cli.batch import Batch, Pruning, outcome_name, prune_options
from control_plane.cli.client import Client
from control_plane.cli.documents import file_option, read_documents
from control_plane.cli.errors import ExitCode
from control_plane.cli.invocation import call
from control_plane.cli.output import difference


@click.command()
@file_option(required=True)
@prune_options
@click.option("--no-atomic", is_flag=True, help="As `apply --no-atomic`: for more than 40 resources.")
@click.pass_context
def diff(
    ctx: click.Context,
    files: tuple[str, ...],
    prune: bool,
    selector: str,
    prune_kinds: tuple[str, ...],
    no_atomic: bool,
) -> None:
    """Show what `apply` would change, as the control plane sees it.

    Exits with 8 if anything would.
    """
    pruning = Pruning.asked(prune, selector, prune_kinds)
    batch = Batch(read_documents(files), {"dryRun": True, "atomic": not no_atomic}, pruning)
    texts: list[str] = []

    async def run(client: Client) -> None:
        async for outcome in batch.send(client):
            if outcome["action"] != "unchanged":
                texts.append(difference(outcome["before"], outcome["after"], outcome_name(outcome)))

    call(run)
    for text in texts:
        click.echo(text, nl=False)
    if texts:
        ctx.exit(ExitCode.DIFFERENT)
