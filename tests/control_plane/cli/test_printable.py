"""Text that must not reach a terminal as it is."""

import pytest

from control_plane.cli.printable import printable
from tests.fakes.served_api import Isthmus, ServedApi

TEAM = 'apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red}\nspec: {displayName: "a\\e[31mb\\nc"}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ä 語 😀", "plain ä 語 😀"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\t", "a\\nb\\t"),
        ("\u202e\x9b", "\\u202e\\x9b"),
    ],
    ids=["plain", "escape", "lines", "direction"],
)
def test_only_what_can_be_seen_stays(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_no_command_prints_what_steers_a_terminal(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    ran = isthmus("get", "teams")
    assert ran.lines[1].endswith("a\\x1b[31mb\\nc")
    for form in ("yaml", "json"):
        assert "\x1b" not in isthmus("get", "teams", "-o", form).out
    assert "\x1b" not in isthmus("diff", "-f", "-", stdin=TEAM.replace("31m", "32m")).out
    assert isthmus("get", "\x1b[31m").err.startswith("isthmus: there is no kind '\\x1b[31m'")
