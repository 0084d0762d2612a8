"""Commands against the REST API on the store in memory."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_plane.cli.main import run
from tests.fakes.served_api import Isthmus, Ran, ServedApi, served_api


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No login of whoever runs the tests."""
    for name in ("URL", "TOKEN", "CA"):
        monkeypatch.delenv(f"ISTHMUS_ADMIN_{name}", raising=False)
    monkeypatch.delenv("ISTHMUS_CONTEXT", raising=False)
    monkeypatch.setenv("ISTHMUS_CONFIG", str(tmp_path / "isthmus" / "config.json"))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedApi]:
    with served_api() as served:
        monkeypatch.setenv("ISTHMUS_ADMIN_URL", served.url)
        monkeypatch.setenv("ISTHMUS_ADMIN_TOKEN", served.token)
        yield served


@pytest.fixture
def isthmus(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Isthmus:
    """What was written before is seen by what is asked next, where the test has an API."""

    def run_command(*arguments: str, stdin: str = "") -> Ran:
        if "api" in request.fixturenames:
            served: ServedApi = request.getfixturevalue("api")
            served.ask(served.api.caught_up())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = run(arguments)
        return Ran(status, *capsys.readouterr())

    return run_command
