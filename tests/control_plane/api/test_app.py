"""The API as its clients meet it: resources, preconditions, errors."""

from collections.abc import AsyncIterator

import pytest

from config_schemas.example import example
from tests.fakes.rest_api import RestApi, rest_api

TEAMS = "/v1/tenants/default/teams"


@pytest.fixture
async def api() -> AsyncIterator[RestApi]:
    async with rest_api() as running:
        yield running


def team(name: str = "search", **labels: str) -> dict[str, object]:
    return {"kind": "Team", "metadata": {"name": name, "labels": labels}, "spec": {"displayName": "Search"}}


async def test_a_resource_is_created_read_replaced_patched_and_deleted(api: RestApi) -> None:
    created = await api.call("POST", TEAMS, team())
    assert created.status == 201
    assert created.headers["ETag"] == f'"{created.revision}"'
    read = await api.call("GET", f"{TEAMS}/search")
    assert read.json["spec"] == {"displayName": "Search"}
    replaced = await api.call("PUT", f"{TEAMS}/search", team() | {"spec": {"displayName": "Find"}})
    assert (replaced.status, replaced.json["metadata"]["generation"]) == (200, 2)
    merge = {"Content-Type": "application/merge-patch+json"}
    patched = await api.call("PATCH", f"{TEAMS}/search", {"metadata": {"labels": {"a": "b"}}}, headers=merge)
    assert patched.json["metadata"]["labels"] == {"a": "b"}
    assert patched.json["spec"] == {"displayName": "Find"}
    assert (await api.call("DELETE", f"{TEAMS}/search")).status == 200
    assert (await api.call("GET", f"{TEAMS}/search")).status == 404


async def test_put_creates_and_yaml_is_read(api: RestApi) -> None:
    body = b"kind: Team\nmetadata: {name: search}\nspec: {displayName: Search}\n"
    answer = await api.call("PUT", f"{TEAMS}/search", data=body, headers={"Content-Type": "application/yaml"})
    assert (answer.status, answer.json["spec"]["displayName"]) == (201, "Search")


async def test_an_answer_can_be_written_back(api: RestApi) -> None:
    created = await api.call("POST", TEAMS, team())
    again = await api.call("PUT", f"{TEAMS}/search", created.json)
    assert again.revision == created.revision


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PUT", {"If-Match": '"1"'}, 412),
        ("PATCH", {"If-Match": '"1"'}, 412),
        ("DELETE", {"If-Match": '"1"'}, 412),
        ("PUT", {"If-None-Match": "*"}, 412),
        ("PUT", {"If-Match": "abc"}, 400),
        ("PUT", {"If-None-Match": '"1"'}, 400),
        ("PUT", {"If-Match": "*"}, 200),
    ],
)
async def test_preconditions_guard_writes(api: RestApi, method: str, headers: dict[str, str], status: int) -> None:
    await api.call("POST", TEAMS, team())
    body = None if method == "DELETE" else team()
    assert (await api.call(method, f"{TEAMS}/search", body, headers=headers)).status == status


async def test_if_match_of_what_does_not_exist_writes_nothing(api: RestApi) -> None:
    assert (await api.call("PUT", f"{TEAMS}/search", team(), headers={"If-Match": "*"})).status == 404


async def test_dry_run_changes_nothing(api: RestApi) -> None:
    assert (await api.call("POST", f"{TEAMS}?dryRun=true", team())).status == 201
    assert (await api.call("GET", f"{TEAMS}/search")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/nothing", None, 404, "not_found"),
        ("PUT", TEAMS, {}, 405, "method_not_allowed"),
        ("GET", f"{TEAMS}?limits=3", None, 400, "malformed"),
        ("GET", f"{TEAMS}?limit=0", None, 400, "malformed"),
        ("GET", f"{TEAMS}?limit=1&limit=2", None, 400, "malformed"),
        ("GET", f"{TEAMS}?labelSelector=a", None, 400, "malformed"),
        ("GET", f"{TEAMS}?continue=abc", None, 400, "malformed"),
        ("GET", f"{TEAMS}/Search", None, 400, "malformed"),
        ("GET", f"{TEAMS}?watch=true&resourceVersion=x", None, 400, "malformed"),
        ("POST", TEAMS, {"kind": "Team", "metadata": {"name": "a"}, "spec": {"colour": "red"}}, 422, "invalid"),
        ("POST", TEAMS, {"kind": "Team", "metadata": {}}, 422, "invalid"),
        ("POST", TEAMS, {"kind": "Model", "metadata": {"name": "a"}}, 422, "invalid"),
        ("POST", f"{TEAMS}/search/rollback", {"revision": 0}, 422, "invalid"),
        ("POST", "/v1/tenants/nobody/teams", team(), 422, "invalid"),
        ("POST", "/v1/batch", {"documents": [{"kind": "Cat"}]}, 422, "invalid"),
        ("POST", "/v1/tokens", {"scopes": ["everything"]}, 422, "invalid"),
    ],
)
async def test_errors_are_problem_details(
    api: RestApi, method: str, path: str, body: object, status: int, code: str
) -> None:
    answer = await api.call(method, path, body)
    assert (answer.status, answer.json["code"], answer.json["status"]) == (status, code, status)
    assert answer.json["requestId"] == answer.headers["X-Request-Id"]


async def test_a_wrong_field_is_named_with_what_is_allowed(api: RestApi) -> None:
    answer = await api.call("POST", TEAMS, team() | {"spec": {"colour": "red"}})
    (error,) = answer.json["errors"]
    assert error["field"] == "spec.colour"
    assert "displayName" in error["message"]


async def test_405_names_the_methods(api: RestApi) -> None:
    assert (await api.call("PUT", TEAMS, {})).headers["Allow"] == "GET, POST"


async def test_other_content_types_are_refused(api: RestApi) -> None:
    answer = await api.call("POST", TEAMS, data=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("size", [2 * 1024 * 1024, 5 * 1024 * 1024], ids=["a document", "a request"])
async def test_too_much_is_413(api: RestApi, size: int) -> None:
    answer = await api.call("POST", TEAMS, data=b'{"kind": "' + b"x" * size + b'"}')
    assert (answer.status, answer.json["code"]) == (413, "too_large")


async def test_pages_show_one_revision(api: RestApi) -> None:
    for name in ("a", "b", "c"):
        await api.call("POST", TEAMS, team(name, stage="live"))
    first = await api.call("GET", f"{TEAMS}?limit=2&labelSelector=stage=live")
    await api.call("POST", TEAMS, team("d", stage="live"))
    token = first.json["metadata"]["continue"]
    second = await api.call("GET", f"{TEAMS}?limit=2&labelSelector=stage=live&continue={token}")
    names = [item["metadata"]["name"] for page in (first, second) for item in page.json["items"]]
    assert names == ["a", "b", "c"]
    assert second.json["metadata"] == {"revision": first.revision, "continue": ""}


async def test_lists_of_all_tenants_and_of_platform_kinds(api: RestApi) -> None:
    tenants = await api.call("GET", "/v1/tenants")
    assert [item["metadata"]["name"] for item in tenants.json["items"]] == ["default"]
    assert (await api.call("POST", "/v1/tenants/platform/tenants", example("Tenant"))).status == 201
    await api.call("POST", "/v1/tenants/acme/teams", team() | {"metadata": {"name": "a"}})
    await api.call("POST", TEAMS, team())
    found = await api.call("GET", "/v1/teams")
    assert [item["metadata"]["tenant"] for item in found.json["items"]] == ["acme", "default"]


async def test_history_shows_versions_and_rollback_restores_one(api: RestApi) -> None:
    first = await api.call("POST", TEAMS, team())
    await api.call("PUT", f"{TEAMS}/search", team() | {"spec": {"displayName": "Find"}})
    history = await api.call("GET", f"{TEAMS}/search/history")
    assert [entry["generation"] for entry in history.json["items"]] == [2, 1]
    restored = await api.call("POST", f"{TEAMS}/search/rollback", {"revision": first.revision})
    assert (restored.status, restored.json["spec"]) == (200, {"displayName": "Search"})


async def test_status_tells_what_is_known_of_a_resource(api: RestApi) -> None:
    await api.call("POST", TEAMS, team())
    await api.caught_up()
    status = (await api.call("GET", f"{TEAMS}/search")).json["status"]
    found = {
        each["type"]: (each["status"], each["reason"], each["observedGeneration"]) for each in status["conditions"]
    }
    assert found == {
        "Accepted": ("True", "Valid", 1),
        "ResolvedRefs": ("True", "Resolved", 1),
        "Programmed": ("Unknown", "NoReplicas", 1),
    }


async def test_values_of_secrets_are_never_shown(api: RestApi) -> None:
    secret = {"kind": "Secret", "metadata": {"name": "s"}, "spec": {"data": {"value": "hunter2"}}}
    created = await api.call("POST", "/v1/tenants/default/secrets", secret)
    read = await api.call("GET", "/v1/tenants/default/secrets/s")
    history = await api.call("GET", "/v1/tenants/default/secrets/s/history")
    assert (created.status, read.json["spec"]["data"]["value"][:12]) == (201, "fingerprint:")
    assert all(b"hunter2" not in answer.body for answer in (created, read, history))


async def test_a_store_that_is_away_is_503_and_memory_answers(api: RestApi) -> None:
    await api.call("GET", "/v1/status")
    await api.store.close()
    assert (await api.call("GET", f"{TEAMS}/search")).json["code"] == "store_unavailable"
    assert (await api.call("POST", TEAMS, team())).status == 503
    status = await api.call("GET", "/v1/status")
    assert (status.status, status.json["store"]) == (200, "unavailable")
    assert (await api.call("GET", "/v1/replicas")).status == 200


async def test_requests_are_counted_by_route(api: RestApi) -> None:
    await api.call("GET", f"{TEAMS}/one")
    await api.call("GET", f"{TEAMS}/two")
    line = 'route="/v1/tenants/{tenant}/teams/{name}",status="404"} 2'
    assert line in api.metrics.page({})
