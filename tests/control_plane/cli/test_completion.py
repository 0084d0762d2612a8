"""What shells ask, and what they are answered."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.served_api import Isthmus

PROGRAM = Path(sys.executable).with_name("isthmus")


def complete(words: str) -> list[str]:
    """What bash would offer after these words."""
    environment = {
        "PATH": str(PROGRAM.parent),
        "_ISTHMUS_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=30)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("isthmus val", ["validate"]),
        ("isthmus ro", ["rollback"]),
        ("isthmus get mo", ["models"]),
        ("isthmus history Te", ["teams", "tenants"]),
        ("isthmus keys re", ["revoke"]),
        ("isthmus get --sel", ["--selector"]),
        ("isthmus completion ", ["bash", "zsh", "fish"]),
        ("isthmus --con", ["--context"]),
    ],
    ids=["command", "another", "kind", "kinds in any case", "subcommand", "option", "choice", "option of all"],
)
def test_commands_options_and_kinds_are_completed(words: str, offered: list[str]) -> None:
    assert sorted(complete(words)) == sorted(offered)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_command_and_the_variable(isthmus: Isthmus, shell: str) -> None:
    ran = isthmus("completion", shell)
    assert ran.status == 0
    assert f"_ISTHMUS_COMPLETE={shell}_complete" in ran.out


def test_bash_takes_the_script(isthmus: Isthmus) -> None:
    script = isthmus("completion", "bash").out
    program = f"{script}\ncomplete -p isthmus"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert "_isthmus_completion isthmus" in done.stdout
