"""`isthmus apply`: bring the control plane to what files say, and see to it that replicas follow."""

from dataclasses import dataclass
from typing import Any

import click

from control_plane.cli.batch import Batch, Pruning, outcome_name, prune_options
from control_plane.cli.client import Client, Json
from control_plane.cli.deployment import Applied, Rollout, revert, wait_until_programmed
from control_plane.cli.documents import file_option, read_documents
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.invocation import call, output_option
from control_plane.cli.output import difference, to_json
from control_plane.cli.printable import printable
from control_plane.cli.validate import document_errors, refused

Read = list[tuple[str, Json]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    dry_run: bool
    no_atomic: bool
    allow_skew: bool
    wait: bool
    timeout: float
    require_replicas: int
    rollback_on_failure: bool
    output: str

    def settings(self, *, dry_run: bool) -> Json:
        return {"dryRun": dry_run, "atomic": not self.no_atomic, "allowSkew": self.allow_skew}


@click.command()
@file_option(required=True)
@click.option("--dry-run", is_flag=True, help="Check everything and change nothing.")
@prune_options
@click.option("--no-atomic", is_flag=True, help="Apply one by one in order of dependency: for more than 40 resources.")
@click.option("--allow-skew", is_flag=True, help="Also what connected replicas are too old for: they get the rest.")
@click.option("--wait", is_flag=True, help="Print differences, apply, and wait until replicas serve all of it.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), default=120, show_default=True, metavar="SECONDS", help="With --wait."
)
@click.option(
    "--require-replicas", type=click.IntRange(min=0), default=0, metavar="N",
    help="With --wait: so many must be connected. [default: 0, none is a warning]",
)  # fmt: skip
@click.option("--rollback-on-failure", is_flag=True, help="With --wait: undo all if not all is in force in time.")
@output_option("text", "json")
def apply(files: tuple[str, ...], prune: bool, selector: str, prune_kinds: tuple[str, ...], **options: Any) -> None:
    """Create or change the resources in files: all of them or none.

    What is already as the files say stays untouched. With --wait the exit status is 0 if all of it is in force, 9 if
    not, 10 if all was undone therefore, 11 if something could not be undone.
    """
    wish = Wish(**options)  # click gives the options by the names of its fields
    if wish.wait and wish.dry_run:
        raise click.UsageError("--dry-run changes nothing that --wait could wait for")
    if wish.rollback_on_failure and not wish.wait:
        raise click.UsageError("--rollback-on-failure is of use with --wait only")
    pruning = Pruning.asked(prune, selector, prune_kinds)
    if wish.rollback_on_failure and wish.no_atomic and prune:
        raise click.UsageError("what --no-atomic prunes cannot be undone together: leave out one of the three options")
    read = read_documents(files)
    call(lambda client: _Apply(client, read, pruning, wish).run())


class _Apply:
    """One run of the command."""

    def __init__(self, client: Client, read: Read, pruning: Pruning, wish: Wish) -> None:
        self._client = client
        self._read = read
        self._pruning = pruning
        self._wish = wish
        self._report: Json = {"outcomes": []}
        self._applied: list[Applied] = []
        self._writes: list[int] = []  # revisions

    async def run(self) -> None:
        wish = self._wish
        if not wish.wait:
            await self._write()
            self._finish()
            return
        if errors := document_errors(self._read):
            raise refused(errors)
        if not wish.no_atomic:  # else what is new would be compared as if what it refers to were not there
            await self._compare()
        try:
            await self._write()
        except CliError as error:
            if wish.rollback_on_failure and self._writes:
                _say(f"{error.message}: rolling back what was applied before it")
                await self._roll_back(error)
            raise
        await self._wait()

    async def _compare(self) -> None:
        batch = Batch(self._read, self._wish.settings(dry_run=True), self._pruning)
        async for outcome in batch.send(self._client):
            self._print_difference(outcome)

    async def _write(self) -> None:
        wish = self._wish
        size = 1 if wish.rollback_on_failure else None  # so that each write is known by its revision
        batch = Batch(self._read, wish.settings(dry_run=wish.dry_run), self._pruning, size=size)
        async for answer in batch.answers(self._client):
            if answer["revision"] and not wish.dry_run:
                self._writes.append(answer["revision"])
            for outcome in answer["outcomes"]:
                self._note(outcome, answer["revision"])

    def _note(self, outcome: Json, write: int) -> None:
        wish, name = self._wish, outcome_name(outcome)
        self._report["outcomes"].append({"resource": name, "action": outcome["action"]})
        if wish.wait:
            self._applied.append(Applied.of(outcome, write))
            if wish.no_atomic:
                self._print_difference(outcome)
        if wish.output == "text":
            click.echo(f"{name} {outcome['action']}{' (dry run)' if wish.dry_run else ''}")

    def _print_difference(self, outcome: Json) -> None:
        if outcome["action"] != "unchanged" and self._wish.output == "text":
            click.echo(difference(outcome["before"], outcome["after"], outcome_name(outcome)), nl=False)

    async def _wait(self) -> None:
        wish = self._wish
        rollout = Rollout(self._applied, wish.require_replicas)
        await wait_until_programmed(self._client, rollout, timeout_seconds=wish.timeout, say=_say)
        self._describe(rollout)
        if rollout.is_done:
            self._warn(rollout)
            self._finish("Programmed")
            return
        error = CliError(
            f"not in force on all replicas within {wish.timeout:g} s",
            ExitCode.NOT_PROGRAMMED,
            tuple(f"  {each.name}: {each.reason}" for each in rollout.waiting())
            + tuple(f"  {p}" for p in rollout.problems),
        )
        if rollout.has_failed:
            error.message = "replicas cannot take what was applied"
        is_ours = any(each.is_changed for each in rollout.waiting()) or rollout.replicas < wish.require_replicas
        if wish.rollback_on_failure and self._writes and is_ours:
            await self._roll_back(error)
        self._finish("NotProgrammed")
        raise error

    async def _roll_back(self, error: CliError) -> None:
        """Undo all; always ends with an error, which says why and how far it came."""
        try:
            answer = await revert(self._client, self._writes, _say)
        except CliError as failure:
            self._finish("RollbackIncomplete")
            details = (*error.details, f"  rollback failed: {failure.message}")
            raise CliError(error.message, ExitCode.ROLLBACK_INCOMPLETE, details) from failure
        self._report["rollback"] = answer
        kept = [each for each in answer["outcomes"] if each["action"] == "kept"]
        for each in answer["outcomes"]:
            if each["action"] != "kept":
                _say(f"{outcome_name(each)} {each['action']}")
        self._finish("RollbackIncomplete" if kept else "RolledBack")
        details = (*error.details, *(f"  not rolled back: {outcome_name(each)}: {each['reason']}" for each in kept))
        if kept:
            raise CliError(f"{error.message}; rolled back in part", ExitCode.ROLLBACK_INCOMPLETE, details)
        raise CliError(f"{error.message}; rolled back", ExitCode.ROLLED_BACK, details)

    def _describe(self, rollout: Rollout) -> None:
        self._report["replicas"] = rollout.replicas
        self._report["resources"] = [
            {"resource": each.name, "revision": each.revision, "state": each.state, "reason": each.reason}
            for each in rollout.resources
        ]

    def _warn(self, rollout: Rollout) -> None:
        if not rollout.replicas:
            _say("warning: no replica is connected: what was applied is accepted, and in force nowhere yet")
        elif unserved := [each for each in rollout.resources if each.state == "NotServed"]:
            _say(f"warning: no connected replica carries {len(unserved)} of the resources, as {unserved[0].name}")
        for each in rollout.resources:
            if each.state == "Changed":
                _say(f"warning: {each.name}: {each.reason}")

    def _finish(self, result: str = "Applied") -> None:
        if self._wish.output == "json":
            self._report["result"] = "DryRun" if self._wish.dry_run else result
            self._report["revision"] = max(self._writes, default=0)
            click.echo(to_json(self._report))


def _say(line: str) -> None:
    click.echo(printable(line), err=True)
