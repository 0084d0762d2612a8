"""`rollback` against the API."""

import pytest

from tests.fakes.served_api import Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red}\nspec: {displayName: Red}\n"


@pytest.fixture(autouse=True)
def two_versions(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    isthmus("apply", "-f", "-", stdin=TEAM.replace("Red", "Rot"))


def revisions(isthmus: Isthmus) -> list[str]:
    return [line.split()[0] for line in isthmus("history", "team", "red").lines[1:]]


def test_the_version_before_comes_back_as_the_newest(isthmus: Isthmus) -> None:
    first = revisions(isthmus)[-1]
    ran = isthmus("rollback", "team", "red")
    newest = revisions(isthmus)[0]
    assert ran.lines == [f"default/Team/red is at revision {newest}, as it was at revision {first}"]
    assert "displayName: Red" in isthmus("get", "team", "red", "-o", "yaml").out


def test_a_revision_is_chosen_and_a_dry_run_changes_nothing(isthmus: Isthmus) -> None:
    first = revisions(isthmus)[-1]
    ran = isthmus("rollback", "team", "red", "--to-revision", first, "--dry-run")
    assert ran.lines == [f"default/Team/red would be as it was at revision {first}"]
    assert len(revisions(isthmus)) == 2


def test_a_deleted_resource_comes_back(isthmus: Isthmus) -> None:
    isthmus("delete", "team", "red")
    assert isthmus("rollback", "team", "red").status == 0
    assert "displayName: Rot" in isthmus("get", "team", "red", "-o", "yaml").out


def test_a_revision_that_is_not_kept_and_a_first_version_are_status_4(isthmus: Isthmus) -> None:
    assert isthmus("rollback", "team", "red", "--to-revision", "1").status == 4
    isthmus("apply", "-f", "-", stdin=TEAM.replace("name: red", "name: blue"))
    ran = isthmus("rollback", "team", "blue")
    assert (ran.status, ran.err) == (4, "isthmus: there is no earlier version to go back to\n")
