"""`isthmus restore`: make the store what a backup says, or have replicas take a store that was put back."""

import asyncio
from pathlib import Path

import click

from control_plane.backup.file import MEDIA_TYPE, NoBackup, check
from control_plane.cli.client import Client, Json
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.invocation import call
from control_plane.cli.output import print_document, print_table

POLL_SECONDS = 0.5
ROWS = {"resources": "resources", "tokens": "admin tokens", "history": "versions", "audit": "audit entries"}
COLUMNS = ("Created", "Replaced", "Deleted", "Unchanged")


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--accept", is_flag=True, help="Replace what the store has. Without FILE: have replicas take the store.")
@click.option("--dry-run", is_flag=True, help="Check the backup, tell what it would change, and change nothing.")
@click.option("--status", is_flag=True, help="Tell how the restore goes that is under way, or how the last one went.")
@click.option("--timeout", type=click.IntRange(1, 86_400), default=900, show_default=True, help="Seconds to wait.")
def restore(file: Path | None, accept: bool, dry_run: bool, status: bool, timeout: int) -> None:
    """Make the store what a backup says, and have all replicas take it.

    The backup is one of `isthmus export --sealed`. A store that has resources is replaced only with --accept. Until the
    restore is done, replicas serve what they have; a restore that is interrupted is finished by the control planes.

    Without FILE, `isthmus restore --accept` announces that etcd itself was put back, as from a snapshot: until then
    replicas refuse what is older than what they have.
    """
    if status and (file or accept or dry_run):
        raise click.UsageError("--status goes alone")
    if file is None and dry_run:
        raise click.UsageError("--dry-run needs FILE")
    if file is None and not (accept or status):
        raise click.UsageError("give FILE, or --accept after etcd itself was put back")
    if status:
        call(_tell_status)
    elif file is None:
        call(_announce)
    else:
        call(_Restore(file, accept, dry_run, timeout).run)


async def _tell_status(client: Client) -> None:
    print_document(await client.request("GET", "/v1/restore"), "yaml")


async def _announce(client: Client) -> None:
    answer = await client.request("POST", "/v1/epoch")
    click.echo(f"epoch {answer['epoch']} announced: replicas take what the store has")


class _Restore:
    def __init__(self, file: Path, accept: bool, dry_run: bool, timeout_seconds: int) -> None:
        self._file = file
        self._query = {"accept": str(accept).lower(), "dryRun": str(dry_run).lower()}
        self._timeout_seconds = timeout_seconds

    async def run(self, client: Client) -> None:
        try:
            with self._file.open("rb") as opened:
                await asyncio.to_thread(check, opened)
                opened.seek(0)
                answer = await client.upload("/v1/restore", opened, query=self._query, media_type=MEDIA_TYPE)
        except NoBackup as error:
            raise CliError(f"{self._file} is no backup that can be restored: {error}", ExitCode.INVALID) from error
        except OSError as error:
            raise CliError(f"cannot read {self._file}: {error.strerror}") from error
        _print_counts(answer)
        match answer["state"]:
            case "DryRun":
                needs = "" if answer["isStoreEmpty"] else "; the store has resources, so it needs --accept"
                click.echo(f"dry run: nothing was changed{needs}", err=True)
            case "Unchanged":
                click.echo("this backup was restored before, and nothing has changed since")
            case _:
                await self._wait(client, answer["backup"])

    async def _wait(self, client: Client, backup: str) -> None:
        """Until the control planes have finished it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_seconds
        while loop.time() < deadline:
            answer = await _status(client)
            if answer and answer["state"] == "Finished" and answer["backup"] == backup:
                click.echo(f"restored; epoch {answer['epoch']} announced: replicas take it")
                return
            await asyncio.sleep(POLL_SECONDS)
        text = (
            f"not finished after {self._timeout_seconds} s; it goes on: `isthmus restore --status` tells how far it is"
        )
        raise CliError(text, ExitCode.UNREACHABLE)


async def _status(client: Client) -> Json | None:
    """None: the control plane is away, as it may be for a while."""
    try:
        return await client.request("GET", "/v1/restore")
    except CliError as error:
        if error.code is not ExitCode.UNREACHABLE:
            raise
        return None


def _print_counts(answer: Json) -> None:
    counts = answer["counts"]
    rows = [(what, *(counts.get(f"{name}{column}", 0) for column in COLUMNS)) for name, what in ROWS.items()]
    print_table(("", *(column.upper() for column in COLUMNS)), rows)
