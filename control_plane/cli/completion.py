"""`isthmus completion`: what a shell needs to complete commands, options and kinds."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "isthmus"
VARIABLE = "_ISTHMUS_COMPLETE"  # what click looks for, from the program's name


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands and kinds.

    \b
    bash   eval "$(isthmus completion bash)"          in ~/.bashrc
    zsh    eval "$(isthmus completion zsh)"           in ~/.zshrc, after compinit
    fish   isthmus completion fish | source           in ~/.config/fish/config.fish
    """
    made = get_completion_class(shell)
    assert made is not None, f"click does not know {shell}"
    click.echo(made(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())
