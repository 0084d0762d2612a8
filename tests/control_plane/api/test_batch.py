"""Batches: all or none, prune, one by one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.rest_api import Answer, RestApi, rest_api


@pytest.fixture
async def api() -> AsyncIterator[RestApi]:
    async with rest_api() as running:
        yield running


def team(name: str, **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "tenant": "default", "labels": labels}
    return {"apiVersion": "isthmus.dev/v1", "kind": "Team", "metadata": metadata, "spec": {}}


def application(name: str, team: str) -> dict[str, Any]:
    metadata = {"name": name, "tenant": "default"}
    spec = {"teamRef": {"name": team}}
    return {"apiVersion": "isthmus.dev/v1", "kind": "Application", "metadata": metadata, "spec": spec}


async def apply(api: RestApi, *documents: dict[str, Any], **options: object) -> Answer:
    return await api.call("POST", "/v1/batch", {"documents": documents, **options})


def actions(answer: Answer) -> list[tuple[str, str]]:
    return [(outcome["name"], outcome["action"]) for outcome in answer.json["outcomes"]]


async def names(api: RestApi) -> list[str]:
    answer = await api.call("GET", "/v1/tenants/default/teams")
    return [item["metadata"]["name"] for item in answer.json["items"]]


async def test_documents_may_refer_to_each_other(api: RestApi) -> None:
    answer = await apply(api, application("shop", "search"), team("search"))
    assert (answer.status, actions(answer)) == (200, [("shop", "created"), ("search", "created")])
    again = await apply(api, application("shop", "search"), team("search"))
    assert actions(again) == [("shop", "unchanged"), ("search", "unchanged")]


async def test_one_wrong_document_stops_all(api: RestApi) -> None:
    answer = await apply(api, team("a"), application("shop", "nobody"))
    assert (answer.status, answer.json["errors"][0]["field"][:13]) == (422, "documents[1].")
    assert await names(api) == []


async def test_dry_run_shows_before_and_after(api: RestApi) -> None:
    await apply(api, team("a"))
    answer = await apply(api, team("a", stage="live"), dryRun=True)
    (outcome,) = answer.json["outcomes"]
    assert (outcome["action"], outcome["before"]["metadata"].get("labels")) == ("replaced", None)
    assert outcome["after"]["metadata"]["labels"] == {"stage": "live"}
    assert (await api.call("GET", "/v1/tenants/default/teams/a")).json["metadata"].get("labels") is None


async def test_prune_deletes_what_has_the_labels_and_is_in_no_document(api: RestApi) -> None:
    await apply(api, team("a", app="x"), team("b", app="x"), team("c", app="y"))
    answer = await apply(api, team("a", app="x"), prune={"labelSelector": "app=x"})
    assert actions(answer) == [("a", "unchanged"), ("b", "deleted")]
    assert await names(api) == ["a", "c"]


@pytest.mark.parametrize("prune", [{"labelSelector": ","}, {"labelSelector": "a=b", "kinds": ["Cat"]}])
async def test_a_prune_without_bounds_is_refused(api: RestApi, prune: dict[str, object]) -> None:
    assert (await apply(api, prune=prune)).status == 422


async def test_more_than_a_transaction_holds_goes_one_by_one(api: RestApi) -> None:
    many = [team(f"t{number:02}") for number in range(41)]
    refused = await apply(api, *many)
    assert (refused.status, "atomic: false" in refused.json["detail"]) == (413, True)
    assert (await apply(api, *many, atomic=False)).status == 200
    assert len(await names(api)) == 41


async def test_one_by_one_says_what_was_done_before_an_error(api: RestApi) -> None:
    answer = await apply(api, application("shop", "nobody"), team("a"), atomic=False)
    assert (answer.status, await names(api)) == (422, ["a"])
    assert "1 of 2 documents" in answer.json["detail"]


async def test_a_token_that_may_only_read_sees_differences_and_changes_nothing(api: RestApi) -> None:
    body = {"documents": [team("a")]}
    answer = await api.call("POST", "/v1/batch/diff", body, token=api.tokens["read"])
    assert (answer.status, actions(answer), answer.json["revision"]) == (200, [("a", "created")], 0)
    assert await names(api) == []
    for path in ("/v1/batch", "/v1/batch/revert"):
        assert (await api.call("POST", path, body, token=api.tokens["read"])).status == 403
