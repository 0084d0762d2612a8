"""`delete` against the API."""

import pytest

from tests.fakes.served_api import Isthmus, ServedApi

SET = """
apiVersion: isthmus.dev/v1
kind: Team
metadata: {name: red}
---
apiVersion: isthmus.dev/v1
kind: Application
metadata: {name: shop}
spec: {teamRef: {name: red}}
"""


def test_files_are_deleted_with_what_refers_to_others_first(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    ran = isthmus("delete", "-f", "-", stdin=SET)
    assert (ran.status, ran.lines) == (0, ["default/Application/shop deleted", "default/Team/red deleted"])


def test_what_others_refer_to_stays(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    ran = isthmus("delete", "team", "red")
    assert ran.status == 5
    assert ran.err == "isthmus: default/Team/red is in use by default/Application/shop; change or delete these first\n"


def test_names_are_deleted_and_a_dry_run_deletes_nothing(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    assert isthmus("delete", "application", "shop", "--dry-run").lines == ["default/Application/shop deleted (dry run)"]
    assert isthmus("delete", "applications", "shop").lines == ["default/Application/shop deleted"]
    assert isthmus("delete", "applications", "shop").status == 4


@pytest.mark.parametrize(
    "arguments", [(), ("team",), ("team", "red", "-f", "-"), ("-f", "-")], ids=["nothing", "no name", "both", "no kind"]
)
def test_what_to_delete_must_be_clear(isthmus: Isthmus, arguments: tuple[str, ...]) -> None:
    ran = isthmus("delete", *arguments, stdin="metadata: {name: red}")
    assert ran.status in (2, 3)
    assert ran.err.count("\n") == 1


def test_a_name_cannot_lead_to_another_path(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    assert isthmus("delete", "team", "../applications/shop").status == 3
    assert isthmus("get", "application", "shop").status == 0
