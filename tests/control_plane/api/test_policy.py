"""Which policies are in force."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.rest_api import RestApi, rest_api


@pytest.fixture
async def api() -> AsyncIterator[RestApi]:
    async with rest_api() as running:
        yield running


def policy(name: str, kind: str, target: str) -> dict[str, object]:
    spec = {"targetRefs": [{"kind": kind, "name": target}], "requestSeconds": 5}
    return {"kind": "TimeoutPolicy", "metadata": {"name": name}, "spec": spec}


async def test_the_narrower_policy_wins_and_the_other_is_told_why(api: RestApi) -> None:
    policies, applications = "/v1/tenants/default/timeoutpolicies", "/v1/tenants/default/applications"
    assert (await api.call("POST", applications, {"kind": "Application", "metadata": {"name": "shop"}})).status == 201
    assert (await api.call("POST", policies, policy("wide", "Tenant", "default"))).status == 201
    assert (await api.call("POST", policies, policy("narrow", "Application", "shop"))).status == 201
    await api.caught_up()
    answer = await api.call("GET", "/v1/explain-policy?tenant=default&application=shop&gateway=default")
    found = [(item["policy"], item["effective"], item["lostTo"]) for item in answer.json["items"]]
    narrow = "default/TimeoutPolicy/narrow"
    assert found == [(narrow, True, None), ("default/TimeoutPolicy/wide", False, narrow)]


async def test_a_policy_for_one_version_of_an_api_is_in_force_for_it_alone(api: RestApi) -> None:
    versions = {"versioning": {"by": "Path"}, "versions": [{"name": "v1"}, {"name": "v2"}]}
    service = {
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"endpoints": [{"host": "h", "port": 80}], **versions},
    }
    spec = {"targetRefs": [{"kind": "Service", "name": "s", "sectionName": "v1"}], "requestSeconds": 5}
    old = {"kind": "TimeoutPolicy", "metadata": {"name": "old"}, "spec": spec}
    assert (await api.call("POST", "/v1/tenants/default/services", service)).status == 201
    assert (await api.call("POST", "/v1/tenants/default/timeoutpolicies", old)).status == 201
    await api.caught_up()
    for version, count in (("v1", 1), ("v2", 0)):
        answer = await api.call("GET", f"/v1/explain-policy?service=s&version={version}")
        assert len(answer.json["items"]) == count


async def test_what_is_named_must_exist(api: RestApi) -> None:
    assert (await api.call("GET", "/v1/explain-policy?application=nobody")).status == 404
