"""Many documents as requests to the API: what `apply` and `diff` share."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import click

from config_schemas.registry import KINDS
from control_plane.cli.client import Client, Json
from control_plane.cli.documents import label
from control_plane.cli.errors import CliError
from control_plane.cli.invocation import Command
from control_plane.cli.kinds import creation_order, find_kind
from control_plane.cli.parts import parts

REQUEST_DOCUMENTS = 100  # written one by one, they are done well within a request's time
_PLACE = re.compile(r"(`?)documents\[(\d+)\]\.?([^\s`:]*)\1")  # as the API names a field of a document


def prune_options(function: Command) -> Command:
    """Add `--prune` and `--selector`."""
    selector = click.option("-l", "--selector", default="", help="With --prune: the labels of what may be deleted.")
    kinds = click.option(
        "--prune-kind", "prune_kinds", multiple=True, metavar="KIND",
        help="With --prune: delete of this kind only. [default: all but Secrets, Tenants and Gateways]",
    )  # fmt: skip
    prune = click.option("--prune", is_flag=True, help="Also delete what --selector selects and no file has.")
    return prune(selector(kinds(function)))


@dataclass(frozen=True, slots=True)
class Pruning:
    """What may be deleted; an empty selector: nothing. What others depend on most goes only where it is named."""

    selector: str = ""
    kinds: tuple[str, ...] = ()

    @classmethod
    def asked(cls, prune: bool, selector: str, kinds: tuple[str, ...]) -> "Pruning":
        """Of the options.

        Raises:
            UsageError, CliError: they do not go together, or there is no such kind.
        """
        if prune != bool(selector):
            raise click.UsageError("--prune and --selector go together: the selector bounds what may be deleted")
        if kinds and not prune:
            raise click.UsageError("--prune-kind is of use with --prune only")
        return cls(selector, tuple(find_kind(kind).KIND for kind in kinds))

    def request(self) -> Json:
        usual = [name for name, kind in KINDS.items() if kind.SCOPE != "Platform" and name != "Secret"]
        return {"labelSelector": self.selector, "kinds": list(self.kinds or usual)}


class Batch:
    """What files say, to be applied. What is refused is told by file and name, not by its place in the request."""

    def __init__(
        self, read: Sequence[tuple[str, Json]], settings: Json, pruning: Pruning, *, size: int | None = None
    ) -> None:
        """`read` is what files say, with where each document came from. `settings` are fields of the request: `dryRun`,
        `atomic`, `allowSkew`. `size`: of a request at most, where it is not atomic."""
        read = list(read)
        atomic = settings.get("atomic", True)
        self._settings = dict(settings)
        if pruning.selector:
            self._settings["prune"] = pruning.request()
        if not atomic:
            read.sort(key=lambda each: creation_order(each[1]))
        self._places = [f"{source}: {label(document)}" for source, document in read]
        documents = [document for _, document in read]
        # Pruning must see all that is kept, and a transaction is one request.
        self._parts = (
            [documents] if atomic or pruning.selector else list(parts(documents, size=size or REQUEST_DOCUMENTS))
        )

    async def send(self, client: Client) -> AsyncIterator[Json]:
        """Apply, and yield what became of each document.

        Raises:
            CliError: it was refused.
        """
        async for answer in self.answers(client):
            for outcome in answer["outcomes"]:
                yield outcome

    async def answers(self, client: Client) -> AsyncIterator[Json]:
        """Apply, and yield what the API says to each request.

        Raises:
            CliError: it was refused.
        """
        done = 0
        # What changes nothing needs no token that may write.
        path = "/v1/batch/diff" if self._settings.get("dryRun") else "/v1/batch"
        for part in self._parts:
            try:
                answer = await client.request("POST", path, body={"documents": part, **self._settings})
            except CliError as error:
                details = tuple(self._told(each, done) for each in error.details)
                raise CliError(self._told(error.message, done), error.code, details) from error
            done += len(part)
            yield answer

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
