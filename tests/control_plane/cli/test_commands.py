"""The table of commands, what each says of itself, and the page that documents them."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from control_plane.cli.commands import COMMANDS, Entry
from control_plane.cli.errors import INTERRUPTED, ExitCode
from control_plane.cli.main import isthmus

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()


def load(entry: Entry) -> click.Command:
    command = isthmus.get_command(click.Context(isthmus), entry.name)
    assert command is not None
    return command


def all_commands() -> Iterator[tuple[str, click.Command]]:
    yield "isthmus", isthmus
    for entry in COMMANDS:
        command = load(entry)
        yield f"isthmus {entry.name}", command
        if isinstance(command, click.Group):
            yield from ((f"isthmus {entry.name} {name}", each) for name, each in command.commands.items())


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_summary_is_the_first_sentence_of_the_help(entry: Entry) -> None:
    assert " ".join((load(entry).help or "").split("\n\n")[0].split()).startswith(entry.summary)


def section(name: str) -> str:
    """The part of the page about a command."""
    found = re.search(rf"^#+ `{re.escape(name)}`.*?(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section `{name}`"
    return found[0]


@pytest.mark.parametrize(
    ("name", "command"), list(all_commands()), ids=lambda each: each if isinstance(each, str) else ""
)
def test_the_page_has_every_command_and_option(name: str, command: click.Command) -> None:
    text = section(name)
    options = [option for each in command.params for option in each.opts if isinstance(each, click.Option)]
    assert [option for option in options if f"`{option}`" not in text and f"`{option} " not in text] == []


def test_the_page_has_no_command_or_option_that_is_not_there() -> None:
    known = dict(all_commands())
    headings = re.findall(r"^#+ `(isthmus[^`]*)`", PAGE, re.MULTILINE)
    assert sorted(headings) == sorted(known)
    for name, command in known.items():
        options = {option for each in command.params for option in each.opts} | {"--help"}
        rows = re.findall(r"^\| `(-[^`]*)`(?:, `(-[^`]*)`)?", section(name), re.MULTILINE)
        written = {option.split()[0] for row in rows for option in row if option}
        assert written <= options, f"{name}: {written - options}"


def test_the_page_has_every_exit_status() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert sorted(map(int, rows)) == sorted({0, INTERRUPTED, *ExitCode})
