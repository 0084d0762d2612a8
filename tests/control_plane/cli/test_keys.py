"""`keys` against the API."""

import json

import pytest

from tests.fakes.served_api import Isthmus, ServedApi

APPLICATION = "apiVersion: isthmus.dev/v1\nkind: Application\nmetadata: {name: shop}\n"


@pytest.fixture(autouse=True)
def shop(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=APPLICATION)


def test_the_key_alone_is_on_standard_output_and_never_shown_again(isthmus: Isthmus) -> None:
    made = isthmus("keys", "create", "shop", "--description", "for the shop")
    key = made.out.strip()
    assert key.startswith("isk_")
    assert "not shown again" in made.err
    name = f"key-{key.split('_')[1]}"
    assert name in made.err
    head, line = isthmus("keys", "list", "shop").lines
    assert head == "NAME STATE CREATED EXPIRES DESCRIPTION"
    assert line.startswith(f"{name} Active ")
    assert line.endswith(" never for the shop")
    for form in ("table", "yaml", "json"):
        assert key.split("_")[2] not in isthmus("keys", "list", "shop", "-o", form).out


def test_a_revoked_key_stays_in_the_list_as_such(isthmus: Isthmus) -> None:
    name = json.loads(isthmus("keys", "create", "shop", "-o", "json").out)["credential"]["metadata"]["name"]
    assert isthmus("keys", "revoke", "shop", name).lines == [f"{name} revoked"]
    assert isthmus("keys", "list", "shop").lines[1].split()[1] == "Revoked"
    assert isthmus("keys", "revoke", "shop", "key-none").status == 4


def test_an_expiry_is_stored_and_one_in_the_past_refused(isthmus: Isthmus) -> None:
    assert isthmus("keys", "create", "shop", "--expires", "2099-12-31").status == 0
    assert " 2100-01-01T00:00:00Z" in isthmus("keys", "list", "shop").lines[1]
    assert isthmus("keys", "create", "shop", "--expires", "2020-12-31").status == 3
    wrong = isthmus("keys", "create", "shop", "--expires", "soon")
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)


def test_an_application_must_exist_and_may_have_no_key(isthmus: Isthmus) -> None:
    assert isthmus("keys", "list", "shop").err == "application 'shop' has no key\n"
    assert isthmus("keys", "create", "none").status == 4
