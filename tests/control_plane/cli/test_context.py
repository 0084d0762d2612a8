"""Which control plane, token and certificates a command uses."""

from pathlib import Path

import pytest

from control_plane.cli.client import Access
from control_plane.cli.context import config_file, resolve, store
from control_plane.cli.errors import CliError
from control_plane.cli.options import Options

PROD, LAB = Access("https://prod:8443", "prod-token", "/prod.pem"), Access("http://lab:8443", "lab-token")


@pytest.fixture
def logged_in() -> None:
    store("lab", LAB)
    store("prod", PROD)


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize(
    ("options", "environment", "expected"),
    [
        (Options(), {}, PROD),
        (Options(context="lab"), {}, LAB),
        (Options(context="lab"), {"URL": "http://other", "TOKEN": "t", "CA": "/ca"}, LAB),
        (Options(), {"URL": "http://other", "TOKEN": "t", "CA": "/ca"}, Access("http://other", "t", "/ca")),
        (Options(), {"URL": "http://other"}, Access("http://other", "")),
        (Options(url="http://other"), {}, Access("http://other", "")),
        (Options(url=PROD.url), {}, PROD),
        (Options(ca_file="/mine"), {}, Access(PROD.url, PROD.token, "/mine")),
    ],
    ids=[
        "the last login",
        "a login by name",
        "a name wins over the environment",
        "the environment wins over logins",
        "no stored token for another address",
        "nor for an address on the command line",
        "but for the same",
        "certificates of one's own",
    ],
)
def test_what_is_nearer_wins_and_a_token_stays_with_its_address(
    monkeypatch: pytest.MonkeyPatch, options: Options, environment: dict[str, str], expected: Access
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"ISTHMUS_ADMIN_{name}", value)
    assert resolve(options) == expected


def test_a_token_file_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_ADMIN_TOKEN", "of-environment")
    (tmp_path / "token").write_text("of-file\n")
    assert resolve(Options(url="http://a", token_file=str(tmp_path / "token"))).token == "of-file"


def test_logins_are_for_their_owner_only() -> None:
    path = store("lab", LAB)
    assert path == config_file()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_file_lies_where_the_desktop_s_rules_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ISTHMUS_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_file() == tmp_path / "isthmus" / "config.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_file() == tmp_path / ".config" / "isthmus" / "config.json"


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, Options(), "no control plane is known: run `isthmus login URL`"),
        (None, Options(context="lab"), "there is no context 'lab'"),
        ("{", Options(), "cannot read "),
        ("[]", Options(), "no control plane is known"),
        (None, Options(url="http://a", token_file="/none/token"), "cannot read the token file '/none/token'"),
    ],
    ids=["nothing", "no such context", "not JSON", "not ours", "no token file"],
)
def test_what_is_missing_is_said(content: str | None, options: Options, message: str) -> None:
    if content is not None:
        config_file().parent.mkdir()
        config_file().write_text(content)
    with pytest.raises(CliError) as raised:
        resolve(options)
    assert message in raised.value.message


def test_what_cannot_be_a_token_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("two\nlines")
    with pytest.raises(CliError, match="must be one word") as raised:
        resolve(Options(url="http://a", token_file=str(tmp_path / "token")))
    assert "two" not in raised.value.message
