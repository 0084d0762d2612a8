"""What all commands share: errors, exit statuses, and a fast start."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from control_plane.cli import main
from control_plane.cli.errors import CliError, ExitCode
from tests.fakes.served_api import Isthmus, ServedApi

MANY = "---\n".join(
    f"apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {{name: t{number}, labels: {{l: {'x' * 100}}}}}\n"
    for number in range(500)
)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("frob",), 2, "No such command 'frob' (see `isthmus --help`)"),
        (("get",), 2, "Missing argument 'KIND' (see `isthmus get --help`)"),
        (("get", "teams", "--frob"), 2, "No such option '--frob' (see `isthmus get --help`)"),
        (("--url", "http://127.0.0.1:1", "status"), 7,
         "cannot reach the control plane at http://127.0.0.1:1: Connection refused"),
        (("status",), 2,
         "no control plane is known: run `isthmus login URL`, or `. .isthmus/env` beside a running `make up`"),
        (("apply", "-f", "/none.yaml"), 2, "cannot read /none.yaml: No such file or directory"),
    ],
    ids=["command", "argument", "option", "unreachable", "no control plane", "no file"],
)  # fmt: skip
def test_an_error_is_one_line_and_an_exit_status(
    isthmus: Isthmus, arguments: tuple[str, ...], status: int, message: str
) -> None:
    ran = isthmus(*arguments)
    assert (ran.status, ran.out, ran.err) == (status, "", f"isthmus: {message}\n")


def test_a_token_that_is_refused_is_status_6(api: ServedApi, isthmus: Isthmus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_ADMIN_TOKEN", "isa_wrong")
    ran = isthmus("status")
    assert (ran.status, ran.err.count("\n")) == (6, 1)


class Replaced:
    """Runs a function in place of `completion`, the command that needs nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def by(self, error: BaseException) -> None:
        def fail(**arguments: object) -> None:
            raise error

        monkeypatch = self._monkeypatch
        command = main.isthmus.get_command(click.Context(main.isthmus), "completion")
        assert command is not None
        monkeypatch.setattr(command, "callback", fail)


@pytest.fixture
def completion(monkeypatch: pytest.MonkeyPatch) -> Replaced:
    return Replaced(monkeypatch)


def test_details_follow_on_lines_of_their_own(isthmus: Isthmus, completion: Replaced) -> None:
    completion.by(CliError("refused", ExitCode.INVALID, ("  a: b", "  c: d")))
    ran = isthmus("completion", "bash")
    assert (ran.status, ran.err) == (3, "isthmus: refused\n  a: b\n  c: d\n")


def test_ctrl_c_is_quiet_and_status_130(isthmus: Isthmus, completion: Replaced) -> None:
    completion.by(KeyboardInterrupt())
    ran = isthmus("completion", "bash")
    assert (ran.status, ran.err.strip()) == (130, "")


def test_what_nobody_expected_is_told_in_short_and_with_a_trace_if_asked(
    isthmus: Isthmus, completion: Replaced, monkeypatch: pytest.MonkeyPatch
) -> None:
    completion.by(ZeroDivisionError("division by zero"))
    ran = isthmus("completion", "bash")
    assert ran.status == 1
    assert ran.err.splitlines() == [
        "isthmus: unexpected ZeroDivisionError: division by zero",
        "  set ISTHMUS_DEBUG=1 to see where it comes from",
    ]
    monkeypatch.setenv("ISTHMUS_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        isthmus("completion", "bash")


def test_a_reader_that_goes_away_is_no_error(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("apply", "-f", "-", "--no-atomic", stdin=MANY).status == 0
    command = [sys.executable, "-m", "control_plane.cli.main", "get", "teams", "-o", "yaml"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""


def test_the_version_is_the_package_s(isthmus: Isthmus) -> None:
    assert isthmus("--version").out.startswith("isthmus ")


@pytest.mark.parametrize(
    ("arguments", "not_loaded"),
    [
        (("--help",), {"aiohttp", "pydantic", "cryptography", "grpc"}),
        (("completion", "bash"), {"aiohttp", "pydantic", "cryptography", "grpc"}),
        (("validate", "-f", "/none"), {"cryptography", "grpc", "opentelemetry"}),
        (("get", "teams"), {"cryptography", "grpc", "opentelemetry"}),
    ],
    ids=["help", "completion", "validate", "get"],
)
def test_a_command_loads_only_what_it_needs(arguments: tuple[str, ...], not_loaded: set[str]) -> None:
    program = (
        "import sys\nfrom control_plane.cli.main import run\n"
        f"run({arguments!r})\nprint('LOADED', *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "control_plane.cli.main" in loaded
    assert not loaded & not_loaded


def test_the_entry_point_is_installed() -> None:
    program = Path(sys.executable).with_name("isthmus")
    done = subprocess.run(
        [program, "frob"], capture_output=True, text=True, check=False, timeout=30, env={"PATH": os.defpath}
    )
    assert (done.returncode, done.stderr) == (2, "isthmus: No such command 'frob' (see `isthmus --help`)\n")
