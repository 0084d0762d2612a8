"""The image's health check finds where the first process answers, and asks there."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from control_plane.cli.health import ROLES, CannotTell, address_of_process, run


class _Answers(BaseHTTPRequestHandler):
    """Lives, and is not ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server.server_port
        server.shutdown()


def process(folder: Path, arguments: Sequence[str], variables: Mapping[str, str]) -> Path:
    (folder / "cmdline").write_text("".join(f"{each}\0" for each in arguments))
    (folder / "environ").write_text("".join(f"{name}={value}\0" for name, value in variables.items()))
    return folder


def test_health_is_asked_for_by_default_and_readiness_if_told(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"127.0.0.1:{port}"
    assert run(["--address", address]) == 0
    assert run(["--address", address, "--ready"]) == 1
    assert capsys.readouterr().out == f"isthmus-health: {address} answers 200\nisthmus-health: {address} answers 503\n"


def test_address_that_means_all_is_asked_on_loopback(port: int) -> None:
    assert run(["--address", f"0.0.0.0:{port}"]) == 0


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense:port"], ids=["nobody there", "no address"])
def test_no_answer_is_unhealthy(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--address", address]) == 1
    assert address in capsys.readouterr().err


def test_process_that_is_none_of_ours_is_unhealthy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--pid", str(os.getpid())]) == 1
    assert "is none of isthmus-control-plane, isthmus-data-plane" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "variables", "address"),
    [
        (["isthmus-data-plane", "--admin-listen", "0.0.0.0:9000"], {}, "0.0.0.0:9000"),
        (["isthmus-data-plane", "--admin-listen=[::]:9000"], {"ISTHMUS_ADMIN_LISTEN": "no:1"}, "[::]:9000"),
        (["isthmus-control-plane"], {"ISTHMUS_HEALTH_LISTEN": "10.0.0.1:81"}, "10.0.0.1:81"),
        (["isthmus-control-plane"], {}, ROLES["isthmus-control-plane"].default),
        (["/sbin/docker-init", "--", "/opt/isthmus/bin/isthmus-collector"], {}, ROLES["isthmus-collector"].default),
        ([sys.executable, "/opt/isthmus/bin/isthmus-collector", "--health-listen=h:1"], {}, "h:1"),
    ],
    ids=["flag", "flag before variable", "variable", "default", "init before it", "interpreter before it"],
)
def test_address_is_what_the_process_was_told(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], address: str
) -> None:
    assert address_of_process(process(tmp_path, arguments, variables)) == address


def test_process_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="No such file"):
        address_of_process(tmp_path)


@pytest.mark.parametrize("program", sorted(ROLES))
def test_default_address_is_the_program_s_own(program: str) -> None:
    sources = {
        "isthmus-collector": "control_plane/collector/settings.py",
        "isthmus-control-plane": "control_plane/settings.py",
        "isthmus-data-plane": "data_plane/settings.py",
    }
    settings = (Path(__file__).parents[3] / sources[program]).read_text()
    assert f'"{ROLES[program].flag}", "{ROLES[program].default}"' in settings
