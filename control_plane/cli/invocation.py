"""What all commands that talk to a control plane share: their client, and their usual options."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from control_plane.cli.client import Client
from control_plane.cli.context import resolve
from control_plane.cli.options import Options

FORMS = ("table", "yaml", "json")
Command = TypeVar("Command", bound=Callable[..., object])


def call(command: Callable[[Client], Awaitable[None]]) -> None:
    """Run with a client for the access that the command line and the environment give."""
    options = click.get_current_context().find_object(Options) or Options()

    async def run() -> None:
        async with Client(resolve(options)) as client:
            await command(client)

    asyncio.run(run())


def tenant_option(function: Command) -> Command:
    """Add `--tenant`."""
    return click.option("-t", "--tenant", default="default", show_default=True, help="The tenant to work in.")(function)


def output_option(*forms: str) -> Callable[[Command], Command]:
    """Add `--output`; the first form is the default."""
    return click.option(
        "-o", "--output", type=click.Choice(forms), default=forms[0], show_default=True, help="How to print."
    )


def kind_argument(*, required: bool = True) -> Callable[[Command], Command]:
    """Add the argument `kind`, which shells complete."""

    def add(function: Command) -> Command:
        return click.argument("kind", required=required, shell_complete=_complete_kinds)(function)

    return add


def _complete_kinds(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from config_schemas.registry import PLURALS

    return [CompletionItem(plural) for plural in PLURALS if plural.startswith(incomplete.lower())]
