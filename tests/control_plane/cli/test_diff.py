"""`diff` against the API."""

from tests.fakes.served_api import Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red, labels: {by: files}}\nspec: {displayName: Red}\n"
SECRET = "apiVersion: isthmus.dev/v1\nkind: Secret\nmetadata: {name: s}\nspec: {data: {value: sk-plain}}\n"


def test_a_difference_is_shown_by_line_and_by_exit_status(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    assert (isthmus("diff", "-f", "-", stdin=TEAM).status, isthmus("diff", "-f", "-", stdin=TEAM).out) == (0, "")
    ran = isthmus("diff", "-f", "-", stdin=TEAM.replace("Red", "Blue"))
    assert ran.status == 8
    changes = [line for line in ran.out.splitlines() if line[:1] in "+-"]
    assert changes == [
        "--- default/Team/red (now)",
        "+++ default/Team/red (after)",
        "-  displayName: Red",
        "+  displayName: Blue",
    ]
    assert "displayName: Red" in isthmus("get", "team", "red", "-o", "yaml").out


def test_what_prune_would_delete_is_shown(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    other = TEAM.replace("red", "blue")
    ran = isthmus("diff", "-f", "-", "--prune", "-l", "by=files", stdin=other)
    assert "-  name: red" in ran.out
    assert "+  name: blue" in ran.out


def test_values_of_secrets_are_never_shown(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=SECRET)
    ran = isthmus("diff", "-f", "-", stdin=SECRET.replace("sk-plain", "sk-other"))
    assert ran.status == 8
    assert "sk-" not in ran.out
