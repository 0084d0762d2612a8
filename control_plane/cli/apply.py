"""`isthmus apply`: bring the control plane to what files say."""

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.documents import file_option, read_documents
from control_plane.cli.errors import CliError
from control_plane.cli.invocation import Command, call


def prune_options(function: Command) -> Command:
    """Add `--prune` and `--selector`."""
    selector = click.option("-l", "--selector", default="", help="With --prune: the labels of what may be deleted.")
    prune = click.option("--prune", is_flag=True, help="Also delete what --selector selects and no file has.")
    return prune(selector(function))


@click.command()
@file_option(required=True)
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
@prune_options
@click.option("--no-atomic", is_flag=True, help="Apply one by one in order of dependency: for more than 40 resources.")
def apply(files: tuple[str, ...], dry_run: bool, prune: bool, selector: str, no_atomic: bool) -> None:
    """Create or change the resources in files: all of them or none.

    What is already as the files say stays untouched.
    """
    body = batch(files, prune=prune, selector=selector) | {"dryRun": dry_run, "atomic": not no_atomic}

    async def run(client: Client) -> None:
        for outcome in await send_batch(client, body):
            click.echo(f"{outcome_name(outcome)} {outcome['action']}{' (dry run)' if dry_run else ''}")

    call(run)


def batch(files: tuple[str, ...], *, prune: bool, selector: str) -> Json:
    """The request that applies files."""
    if prune != bool(selector):
        raise click.UsageError("--prune and --selector go together: the selector bounds what may be deleted")
    body: Json = {"documents": [document for _, document in read_documents(files)]}
    if prune:
        body["prune"] = {"labelSelector": selector}
    return body


async def send_batch(client: Client, body: Json) -> list[Json]:
    """Apply, and return what became of each document.

    Raises:
        CliError: it was refused.
    """
    try:
        answer = await client.request("POST", "/v1/batch", body=body)
    except CliError as error:
        message = error.message.replace("`atomic: false`", "`--no-atomic`")  # what it is called here
        raise CliError(message, error.code, error.details) from error
    outcomes: list[Json] = answer["outcomes"]
    return outcomes


def outcome_name(outcome: Json) -> str:
    """What a resource is called in what commands print."""
    return f"{outcome['tenant']}/{outcome['kind']}/{outcome['name']}"
