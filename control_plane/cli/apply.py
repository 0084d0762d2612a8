"""`isthmus apply`: bring the control plane to what files say."""

import re

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.documents import file_option, label, read_documents
from control_plane.cli.errors import CliError
from control_plane.cli.invocation import Command, call

_PLACE = re.compile(r"(`?)documents\[(\d+)\]\.?([^\s`:]*)\1")  # as the API names a field of a document


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
    batch = Batch(files, prune=prune, selector=selector, dry_run=dry_run, atomic=not no_atomic)

    async def run(client: Client) -> None:
        for outcome in await batch.send(client):
            click.echo(f"{outcome_name(outcome)} {outcome['action']}{' (dry run)' if dry_run else ''}")

    call(run)


class Batch:
    """The request that applies files. What is refused is told by file and name, not by its place in the request."""

    def __init__(self, files: tuple[str, ...], *, prune: bool, selector: str, dry_run: bool, atomic: bool) -> None:
        if prune != bool(selector):
            raise click.UsageError("--prune and --selector go together: the selector bounds what may be deleted")
        read = read_documents(files)
        self._places = [f"{source}: {label(document)}" for source, document in read]
        self._body: Json = {"documents": [document for _, document in read], "dryRun": dry_run, "atomic": atomic}
        if prune:
            self._body["prune"] = {"labelSelector": selector}

    async def send(self, client: Client) -> list[Json]:
        """Apply, and return what became of each document.

        Raises:
            CliError: it was refused.
        """
        try:
            answer = await client.request("POST", "/v1/batch", body=self._body)
        except CliError as error:
            raise CliError(self._told(error.message), error.code, tuple(map(self._told, error.details))) from error
        outcomes: list[Json] = answer["outcomes"]
        return outcomes

    def _told(self, text: str) -> str:
        text = text.replace("`atomic: false`", "`--no-atomic`")  # what it is called here
        return _PLACE.sub(self._place, text)

    def _place(self, match: re.Match[str]) -> str:
        quote, index, field = match[1], int(match[2]), match[3]
        place = self._places[index] if index < len(self._places) else match[0]
        return f"{place}{f': {quote}{field}{quote}' if field else ''}"


def outcome_name(outcome: Json) -> str:
    """What a resource is called in what commands print."""
    return f"{outcome['tenant']}/{outcome['kind']}/{outcome['name']}"
