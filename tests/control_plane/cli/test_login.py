"""`login` against the API."""

from pathlib import Path

import click
import pytest

from control_plane.cli.context import config_file
from tests.fakes.served_api import Isthmus, ServedApi


@pytest.fixture(autouse=True)
def bare(api: ServedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the login says where the API is."""
    monkeypatch.delenv("ISTHMUS_ADMIN_URL")
    monkeypatch.delenv("ISTHMUS_ADMIN_TOKEN")


def test_after_a_login_commands_know_where_to_go(api: ServedApi, isthmus: Isthmus, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(api.token)
    ran = isthmus("login", api.url, "--name", "lab", "--token-file", str(tmp_path / "token"))
    assert ran.out == f"logged in to {api.url} (version 0.0.0) as context 'lab', kept in {config_file()}\n"
    assert api.token not in ran.out + ran.err
    assert isthmus("get", "teams").status == 0
    assert isthmus("--context", "lab", "get", "teams").status == 0
    assert isthmus("--context", "other", "get", "teams").status == 2


def test_the_token_is_asked_for_or_read_from_standard_input(
    api: ServedApi, isthmus: Isthmus, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isthmus("login", api.url, "--token-file", "-", stdin=f"{api.token}\n").status == 0
    monkeypatch.setattr(click.termui, "hidden_prompt_func", lambda _: api.token)
    assert isthmus("login", api.url).status == 0


def test_a_token_that_is_refused_is_not_kept(api: ServedApi, isthmus: Isthmus) -> None:
    ran = isthmus("login", api.url, "--token-file", "-", stdin="isa_wrong")
    assert (ran.status, ran.err.count("\n")) == (6, 1)
    assert not config_file().exists()


@pytest.mark.parametrize("url", ["localhost:8443", "ftp://a", "https://", "http://me:pw@host"])
def test_an_address_must_be_one_of_http(isthmus: Isthmus, url: str) -> None:
    ran = isthmus("login", url, "--token-file", "-", stdin="t")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
