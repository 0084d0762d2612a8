"""`history` against the API."""

import json

from tests.fakes.served_api import Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red}\nspec: {displayName: Red}\n"


def test_versions_are_listed_newest_first(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    isthmus("apply", "-f", "-", stdin=TEAM.replace("Red", "Rot"))
    isthmus("delete", "team", "red")
    head, *lines = isthmus("history", "team", "red").lines
    assert head == "REVISION GENERATION TIME ACTION ACTOR"
    assert [line.split()[3] for line in lines] == ["deleted", "replaced", "created"]
    items = json.loads(isthmus("history", "team", "red", "-o", "json").out)["items"]
    assert [item["resource"]["spec"]["displayName"] for item in items[1:]] == ["Rot", "Red"]


def test_what_was_never_there_is_status_4(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("history", "team", "none").status == 4
