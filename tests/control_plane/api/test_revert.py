"""Undoing writes: exactly what they changed, and nothing that somebody else has changed since."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.control_plane.api.test_batch import actions, application, apply, names, team
from tests.fakes.rest_api import Answer, RestApi, rest_api

TEAMS = "/v1/tenants/default/teams"


@pytest.fixture
async def api() -> AsyncIterator[RestApi]:
    async with rest_api() as running:
        yield running


async def revert(api: RestApi, *revisions: int) -> Answer:
    return await api.call("POST", "/v1/batch/revert", {"revisions": revisions})


async def stages(api: RestApi) -> dict[str, str]:
    items = (await api.call("GET", TEAMS)).json["items"]
    return {item["metadata"]["name"]: item["metadata"].get("labels", {}).get("stage", "") for item in items}


async def test_what_was_created_goes_what_was_changed_comes_back_and_what_was_pruned_is_there_again(
    api: RestApi,
) -> None:
    await apply(api, team("kept", stage="one"), team("pruned", stage="one", by="git"))
    prune = {"labelSelector": "by=git"}
    write = await apply(api, team("kept", stage="two"), team("new"), application("shop", "new"), prune=prune)
    assert [action for _, action in actions(write)] == ["replaced", "created", "created", "deleted"]
    answer = await revert(api, write.json["revision"])
    assert answer.status == 200, answer.body
    assert sorted((each["name"], each["action"]) for each in answer.json["outcomes"]) == [
        ("kept", "restored"),
        ("new", "deleted"),
        ("pruned", "restored"),
        ("shop", "deleted"),
    ]
    assert await stages(api) == {"kept": "one", "pruned": "one"}


async def test_it_is_one_write_whose_audit_entry_names_what_it_undid(api: RestApi) -> None:
    await apply(api, team("a", stage="one"), team("b", stage="one"))
    write = (await apply(api, team("a", stage="two"), team("b", stage="two"))).json["revision"]
    answer = await revert(api, write)
    newest, before, *_ = (await api.call("GET", "/v1/audit")).json["items"]
    assert (newest["revision"], newest["reverts"], before["reverts"]) == (answer.json["revision"], [write], [])
    assert len(newest["changes"]) == 2


async def test_what_somebody_has_changed_since_is_kept_and_named_and_the_rest_is_undone(api: RestApi) -> None:
    await apply(api, team("a", stage="one"), team("b", stage="one"), team("c", stage="one"))
    write = (await apply(api, team("a", stage="two"), team("b", stage="two"), team("new"))).json["revision"]
    await apply(api, team("b", stage="theirs"), team("new", stage="theirs"))
    answer = await revert(api, write)
    kept = {each["name"]: each["reason"] for each in answer.json["outcomes"] if each["action"] == "kept"}
    assert kept.keys() == {"b", "new"}
    assert f"not at revision {write}" in kept["b"]
    assert await stages(api) == {"a": "one", "b": "theirs", "c": "one", "new": "theirs"}


async def test_what_was_created_and_is_needed_by_somebody_else_is_kept(api: RestApi) -> None:
    write = (await apply(api, team("mine"), team("free"))).json["revision"]
    await apply(api, application("theirs", "mine"))
    outcomes = (await revert(api, write)).json["outcomes"]
    (kept,) = [each for each in outcomes if each["action"] == "kept"]
    assert (kept["name"], "default/Application/theirs" in kept["reason"]) == ("mine", True)
    assert await names(api) == ["mine"]


async def test_several_writes_are_undone_to_what_was_before_the_first(api: RestApi) -> None:
    await apply(api, team("a", stage="zero"))
    revisions = [(await apply(api, team("a", stage=stage), team(stage))).json["revision"] for stage in ("one", "two")]
    assert {each["action"] for each in (await revert(api, *revisions)).json["outcomes"]} == {"restored", "deleted"}
    assert await stages(api) == {"a": "zero"}


async def test_more_than_one_transaction_holds_are_undone_one_by_one(api: RestApi) -> None:
    many = [team(f"t{number}") for number in range(41)]
    answers = [await apply(api, *many[:40]), await apply(api, *many[40:])]
    outcomes = (await revert(api, *(each.json["revision"] for each in answers))).json["outcomes"]
    assert [each["action"] for each in outcomes] == ["deleted"] * 41
    assert await names(api) == []


async def test_a_secret_comes_back_with_its_value_and_the_value_is_not_shown(api: RestApi) -> None:
    def secret(value: str) -> dict[str, Any]:
        metadata = {"name": "s", "tenant": "default"}
        return {"apiVersion": "isthmus.dev/v1", "kind": "Secret", "metadata": metadata, "spec": {"data": {"k": value}}}

    await apply(api, secret("first-value"))
    path = "/v1/tenants/default/secrets/s"
    before = (await api.call("GET", path)).json["spec"]
    write = (await apply(api, secret("second-value"))).json["revision"]
    answer = await revert(api, write)
    assert (await api.call("GET", path)).json["spec"] == before
    assert b"value" not in answer.body


async def test_a_revision_of_no_write_is_refused_and_nothing_is_undone(api: RestApi) -> None:
    write = (await apply(api, team("a"))).json["revision"]
    answer = await revert(api, write, write + 1)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert await names(api) == ["a"]
