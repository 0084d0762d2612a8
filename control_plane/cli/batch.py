"""Many documents as requests to the API: what `apply` and `diff` share."""

import re
from collections.abc import AsyncIterator

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.documents import label, read_documents
from control_plane.cli.errors import CliError
from control_plane.cli.invocation import Command
from control_plane.cli.kinds import creation_order
from control_plane.cli.parts import parts

REQUEST_DOCUMENTS = 100  # written one by one, they are done well within a request's time
_PLACE = re.compile(r"(`?)documents\[(\d+)\]\.?([^\s`:]*)\1")  # as the API names a field of a document


def prune_options(function: Command) -> Command:
    """Add `--prune` and `--selector`."""
    selector = click.option("-l", "--selector", default="", help="With --prune: the labels of what may be deleted.")
    prune = click.option("--prune", is_flag=True, help="Also delete what --selector selects and no file has.")
    return prune(selector(function))


class Batch:
    """What files say, to be applied. What is refused is told by file and name, not by its place in the request."""

    def __init__(self, files: tuple[str, ...], settings: Json, *, prune: bool, selector: str) -> None:
        """`settings` are fields of the request: `dryRun`, `atomic`, `allowSkew`."""
        if prune != bool(selector):
            raise click.UsageError("--prune and --selector go together: the selector bounds what may be deleted")
        read = read_documents(files)
        atomic = settings.get("atomic", True)
        self._settings = dict(settings)
        if prune:
            self._settings["prune"] = {"labelSelector": selector}
        if not atomic:
            read.sort(key=lambda each: creation_order(each[1]))
        self._places = [f"{source}: {label(document)}" for source, document in read]
        documents = [document for _, document in read]
        # Pruning must see all that is kept, and a transaction is one request.
        self._parts = [documents] if atomic or prune else list(parts(documents, size=REQUEST_DOCUMENTS))

    async def send(self, client: Client) -> AsyncIterator[Json]:
        """Apply, and yield what became of each document.

        Raises:
            CliError: it was refused.
        """
        done = 0
        for part in self._parts:
            try:
                answer = await client.request("POST", "/v1/batch", body={"documents": part, **self._settings})
            except CliError as error:
                details = tuple(self._told(each, done) for each in error.details)
                raise CliError(self._told(error.message, done), error.code, details) from error
            done += len(part)
            for outcome in answer["outcomes"]:
                yield outcome

    def _told(self, text: str, done: int) -> str:
        """What the API says, in the words of the command; `done` documents were sent before."""

        def place(match: re.Match[str]) -> str:
            quote, index, field = match[1], int(match[2]) + done, match[3]
            where = self._places[index] if index < len(self._places) else match[0]
            return f"{where}{f': {quote}{field}{quote}' if field else ''}"

        return _PLACE.sub(place, text.replace("`atomic: false`", "`--no-atomic`"))


def outcome_name(outcome: Json) -> str:
    """What a resource is called in what commands print."""
    return f"{outcome['tenant']}/{outcome['kind']}/{outcome['name']}"
