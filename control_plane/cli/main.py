"""`isthmus`: the command line. Commands are loaded when they are used, so that each starts fast."""

import importlib
import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from control_plane.cli.commands import COMMANDS, find_command
from control_plane.cli.errors import INTERRUPTED, CliError, ExitCode
from control_plane.cli.options import Options
from control_plane.cli.printable import printable

DEBUG_VARIABLE = "ISTHMUS_DEBUG"


class _Commands(click.Group):
    """Knows names and summaries of all commands, and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [entry.name for entry in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = find_command(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(f"control_plane.cli.{entry.module}"), entry.attribute)
        assert isinstance(command, click.Command), f"{entry.module}.{entry.attribute} is no command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for group in dict.fromkeys(entry.group for entry in COMMANDS):
            with formatter.section(group):
                formatter.write_dl([(entry.name, entry.summary) for entry in COMMANDS if entry.group == group])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(entry.name, help=entry.summary) for entry in COMMANDS if entry.name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def _print_version(context: click.Context, parameter: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        from config_schemas.version import SCHEMA_VERSION
        from control_plane.settings import package_version

        click.echo(f"isthmus {package_version()} (schema version {SCHEMA_VERSION})")
        context.exit()


@click.group(cls=_Commands)
@click.option("--url", default="", metavar="URL", help="The control plane's address. [env: ISTHMUS_ADMIN_URL]")
@click.option("--token-file", default="", metavar="FILE", help="Holds the admin token. [env: ISTHMUS_ADMIN_TOKEN]")
@click.option("--ca-file", default="", metavar="FILE", help="Certificates to trust. [env: ISTHMUS_ADMIN_CA]")
@click.option(
    "--context", default="", metavar="NAME", envvar="ISTHMUS_CONTEXT", show_envvar=True, help="A login by its name."
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print it.")
@click.pass_context
def isthmus(ctx: click.Context, url: str, token_file: str, ca_file: str, context: str) -> None:
    """Run Isthmus, and steer its control plane."""
    ctx.obj = Options(url, token_file, ca_file, context)


def main() -> None:
    """The entry point: one line for an error, and an exit status that scripts can rely on."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit status."""
    try:
        status = isthmus.main(list(arguments), prog_name="isthmus", standalone_mode=False)
        return int(status) if isinstance(status, int) else 0
    except CliError as error:
        _say(error.message, *error.details)
        return int(error.code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        _say(error.format_message().rstrip(".") + (f" (see `{context.command_path} --help`)" if context else ""))
        return error.exit_code
    except click.Abort:  # Ctrl-C, or the end of the input at a prompt
        return INTERRUPTED
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        _say(f"unexpected {type(error).__name__}: {error}", f"  set {DEBUG_VARIABLE}=1 to see where it comes from")
        return int(ExitCode.FAILED)


def _say(message: str, *details: str) -> None:
    for line in (f"isthmus: {message}", *details):
        click.echo(printable(line), err=True)


if __name__ == "__main__":
    main()
