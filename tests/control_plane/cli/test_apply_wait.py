"""`apply --wait`: until replicas serve what was applied, and back to what was before if they do not."""

import asyncio
import contextlib
import json
from collections.abc import Iterator

import pytest

from tests.fakes.acking_replica import AckingReplica
from tests.fakes.served_api import Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red, labels: {by: git}}\nspec: {displayName: Red}\n"
BLUE = TEAM.replace("red", "blue").replace("Red", "Blue")
BAD = TEAM.replace("red", "bad")


@contextlib.contextmanager
def replica(api: ServedApi, *, refuses: str = "", is_deaf: bool = False) -> Iterator[AckingReplica]:
    """One that runs beside the command."""
    acking = AckingReplica(api.api, refuses, is_deaf)
    task = asyncio.run_coroutine_threadsafe(acking.run(), api.loop)
    try:
        yield acking
    finally:
        task.cancel()


def displayed(isthmus: Isthmus, name: str) -> str:
    ran = isthmus("get", "team", name, "-o", "json")
    return str(json.loads(ran.out)["spec"]["displayName"]) if ran.status == 0 else ""


def test_differences_are_printed_and_all_is_in_force_at_the_end(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    with replica(api):
        ran = isthmus("apply", "--wait", "-f", "-", stdin=TEAM.replace("Red", "Rot") + "---\n" + BLUE)
    assert ran.status == 0, ran.err
    assert [line for line in ran.lines if line.startswith(("-  ", "- ", "+ "))][:2] == [
        "- displayName: Red",
        "+ displayName: Rot",
    ]
    assert ran.lines[-2:] == ["default/Team/red replaced", "default/Team/blue created"]
    assert ran.err.splitlines()[-1] == "2 of 2 in force on 1 replicas"


def test_json_says_what_came_of_each_and_nothing_else(api: ServedApi, isthmus: Isthmus) -> None:
    with replica(api):
        report = json.loads(isthmus("apply", "--wait", "-o", "json", "-f", "-", stdin=TEAM).out)
    assert (report["result"], report["replicas"]) == ("Programmed", 1)
    assert report["outcomes"] == [{"resource": "default/Team/red", "action": "created"}]
    assert [each["state"] for each in report["resources"]] == ["Programmed"]
    assert report["resources"][0]["revision"] == report["revision"]


def test_files_that_are_wrong_are_refused_before_anything_is_asked(isthmus: Isthmus) -> None:
    ran = isthmus("--url", "http://127.0.0.1:1", "apply", "--wait", "-f", "-", stdin=TEAM.replace("spec", "spek"))
    assert ran.status == 3
    assert "spek" in ran.err


def test_what_replicas_refuse_is_rolled_back_with_all_that_came_with_it(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)
    with replica(api, refuses="/bad"):
        ran = isthmus(
            "apply", "--wait", "--rollback-on-failure", "-o", "json", "-f", "-",
            stdin=TEAM.replace("Red", "Rot") + "---\n" + BAD,
        )  # fmt: skip
    assert ran.status == 10, ran.err
    assert "default/Team/bad: gateway `default`: it is bad" in ran.err
    assert "rolled back" in ran.err
    report = json.loads(ran.out)
    assert report["result"] == "RolledBack"
    assert {each["name"]: each["action"] for each in report["rollback"]["outcomes"]} == {
        "red": "restored",
        "bad": "deleted",
    }
    assert (displayed(isthmus, "red"), displayed(isthmus, "bad")) == ("Red", "")
    assert str(report["revision"]) in isthmus("audit", "--limit", "1").lines[1]


def test_without_the_option_what_is_refused_stays(api: ServedApi, isthmus: Isthmus) -> None:
    with replica(api, refuses="/bad"):
        ran = isthmus("apply", "--wait", "-f", "-", stdin=BAD)
    assert (ran.status, "it is bad" in ran.err) == (9, True)
    assert displayed(isthmus, "bad") == "Red"


def test_a_replica_that_does_not_answer_is_waited_for_no_longer_than_told(api: ServedApi, isthmus: Isthmus) -> None:
    with replica(api) as acking:
        isthmus("apply", "--wait", "-f", "-", stdin=TEAM)
        acking.is_deaf = True
        ran = isthmus("apply", "--wait", "--timeout", "0.6", "--rollback-on-failure", "-f", "-", stdin=BLUE)
    assert ran.status == 10, ran.err
    assert "within 0.6 s" in ran.err
    assert "not accepted yet by 1 replicas, as `r1`" in ran.err
    assert displayed(isthmus, "blue") == ""


def test_what_somebody_has_changed_meanwhile_is_left_alone_and_named(
    api: ServedApi, isthmus: Isthmus, monkeypatch: pytest.MonkeyPatch
) -> None:
    from control_plane.cli import apply as command
    from control_plane.cli.client import Client
    from control_plane.cli.deployment import Rollout

    async def wait(client: Client, rollout: Rollout, **options: object) -> None:
        path = "/v1/tenants/default/teams/red"
        theirs = await client.request("GET", path)
        theirs["spec"]["displayName"] = "Theirs"
        await client.request("PUT", path, body=theirs)
        rollout.resources[1].state = "Failed"

    isthmus("apply", "-f", "-", stdin=TEAM)
    monkeypatch.setattr(command, "wait_until_programmed", wait)
    ran = isthmus(
        "apply", "--wait", "--rollback-on-failure", "-f", "-", stdin=TEAM.replace("Red", "Rot") + "---\n" + BLUE
    )
    assert ran.status == 11
    assert "not rolled back: default/Team/red" in ran.err
    assert (displayed(isthmus, "red"), displayed(isthmus, "blue")) == ("Theirs", "")


def test_without_replicas_it_is_said_and_by_default_no_failure(api: ServedApi, isthmus: Isthmus) -> None:
    ran = isthmus("apply", "--wait", "-f", "-", stdin=TEAM)
    assert (ran.status, "warning: no replica is connected" in ran.err) == (0, True)
    required = ("--require-replicas", "1", "--timeout", "0.3", "--rollback-on-failure")
    ran = isthmus("apply", "--wait", *required, "-f", "-", stdin=BLUE)
    assert (ran.status, "1 replicas are required" in ran.err) == (10, True)
    assert displayed(isthmus, "blue") == ""


def test_what_was_not_in_force_before_fails_and_undoes_nothing(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=BAD)
    with replica(api, refuses="/bad"):
        ran = isthmus("apply", "--wait", "--rollback-on-failure", "-f", "-", stdin=BAD + "---\n" + BLUE)
    assert ran.status == 9, ran.err
    assert displayed(isthmus, "blue") == "Blue"


def test_deletions_are_waited_for_and_undone(api: ServedApi, isthmus: Isthmus) -> None:
    prune = ("--prune", "-l", "by=git")
    isthmus("apply", "-f", "-", stdin=TEAM + "---\n" + BLUE)
    with replica(api) as acking:
        assert isthmus("apply", "--wait", *prune, "-f", "-", stdin=TEAM).status == 0
        assert displayed(isthmus, "blue") == ""
        isthmus("apply", "--wait", "-f", "-", stdin=BLUE)
        acking.is_deaf = True
        ran = isthmus("apply", "--wait", "--timeout", "0.5", "--rollback-on-failure", *prune, "-f", "-", stdin=TEAM)
    assert (ran.status, "still served by 1 replicas" in ran.err) == (10, True), ran.err
    assert displayed(isthmus, "blue") == "Blue"


def test_one_by_one_what_was_done_before_an_error_is_rolled_back(api: ServedApi, isthmus: Isthmus) -> None:
    orphan = "apiVersion: isthmus.dev/v1\nkind: Application\nmetadata: {name: a}\nspec: {teamRef: {name: nobody}}\n"
    options = ("--no-atomic", "--wait", "--rollback-on-failure")
    ran = isthmus("apply", *options, "-f", "-", stdin=f"{TEAM}---\n{orphan}")
    assert (ran.status, "default/Team/red deleted" in ran.err) == (10, True), ran.err
    assert displayed(isthmus, "red") == ""


def test_prune_spares_secrets_and_platform_kinds_unless_they_are_named(api: ServedApi, isthmus: Isthmus) -> None:
    secret = "apiVersion: isthmus.dev/v1\nkind: Secret\nmetadata: {name: s, labels: {by: git}}\nspec: {data: {k: v}}\n"
    tenant = (
        "apiVersion: isthmus.dev/v1\nkind: Tenant\nmetadata: {name: t, tenant: platform, labels: {by: git}}\nspec: {}\n"
    )
    isthmus("apply", "-f", "-", stdin="---\n".join((TEAM, BLUE, secret, tenant)))
    prune = ("apply", "--prune", "-l", "by=git", "-f", "-")
    assert isthmus(*prune, stdin=TEAM).lines == ["default/Team/red unchanged", "default/Team/blue deleted"]
    assert isthmus(*prune, "--prune-kind", "secrets", stdin=TEAM).lines[1:] == ["default/Secret/s deleted"]
    assert isthmus("get", "tenant", "t").status == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--wait", "--dry-run"),
        ("--rollback-on-failure",),
        ("--prune-kind", "team"),
        ("--wait", "--rollback-on-failure", "--no-atomic", "--prune", "-l", "a=b"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together(isthmus: Isthmus, options: tuple[str, ...]) -> None:
    assert isthmus("apply", *options, "-f", "-", stdin=TEAM).status == 2
