"""`tokens` against the API."""

import json

import pytest

from tests.fakes.served_api import Isthmus, ServedApi


def test_a_token_works_within_its_scope_until_it_is_revoked(
    api: ServedApi, isthmus: Isthmus, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(isthmus("tokens", "create", "--scope", "read", "--description", "ci", "-o", "json").out)
    token, id = made["token"], made["details"]["id"]
    with monkeypatch.context() as reader:
        reader.setenv("ISTHMUS_ADMIN_TOKEN", token)
        assert isthmus("get", "teams").status == 0
        refused = isthmus("tokens", "list")
        assert (refused.status, refused.err) == (6, "isthmus: this needs an admin token with the scope 'admin'\n")
    assert any(line.startswith(f"{id} read ") for line in isthmus("tokens", "list").lines)
    assert isthmus("tokens", "revoke", id).lines == [f"{id} revoked"]
    monkeypatch.setenv("ISTHMUS_ADMIN_TOKEN", token)
    assert isthmus("get", "teams").status == 6


def test_the_token_alone_is_on_standard_output(api: ServedApi, isthmus: Isthmus) -> None:
    made = isthmus("tokens", "create", "--scope", "admin", "--expires", "1d")
    token = made.out.strip()
    assert len(made.out.split()) == 1
    assert f"Its id is {token.split('_')[1]}" in made.err
    assert token.split("_")[2] not in isthmus("tokens", "list", "-o", "json").out


def test_an_unknown_scope_or_id_is_one_line(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("tokens", "create", "--scope", "root").status == 2
    assert isthmus("tokens", "revoke", "0123456789abcdef").status == 4
