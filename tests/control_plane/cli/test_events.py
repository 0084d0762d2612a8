"""`events` against the API."""

import json

from tests.fakes.served_api import Following, Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red}\n"


def first_event(isthmus: Isthmus, following: Following) -> str:
    """Of changes that are made until the stream is there to see one."""
    for number in range(100):
        isthmus("apply", "-f", "-", stdin=TEAM.replace("red", f"red{number}"))
        if line := following.line_within(0.2):
            return line
    raise AssertionError("no event came")


def test_events_are_lines_until_interrupted(api: ServedApi, isthmus: Isthmus) -> None:
    with Following("events") as following:
        name, *facts = first_event(isthmus, following).split()
        assert name == "resource"
        assert facts[0].startswith("resource=default/Team/red")
        assert facts[1] == "action=changed"
        assert following.interrupt() == 130


def test_programs_get_a_json_object_a_line(api: ServedApi, isthmus: Isthmus) -> None:
    with Following("events", "-o", "json") as following:
        event = json.loads(first_event(isthmus, following))
    assert (event["event"], event["action"]) == ("resource", "changed")
