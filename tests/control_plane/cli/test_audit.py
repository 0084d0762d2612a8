"""`audit` against the API."""

import json

from tests.fakes.served_api import Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red}\n"


def test_writes_are_listed_newest_first_with_who_made_them(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    isthmus("delete", "team", "red")
    head, *lines = isthmus("audit", "--tenant", "default", "--limit", "2").lines
    assert head == "TIME ACTOR ACTION RESOURCE REVISION REVERTS"
    actor = api.token.split("_")[1]
    assert [line.split()[1:4] for line in lines] == [
        [actor, "deleted", "default/Team/red"],
        [actor, "created", "default/Team/red"],
    ]
    assert len(json.loads(isthmus("audit", "--limit", "1", "-o", "json").out)["items"]) == 1
