"""API keys over the API."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from tests.fakes.rest_api import RestApi, rest_api

APPLICATIONS = "/v1/tenants/default/applications"
KEYS = f"{APPLICATIONS}/shop/keys"


@pytest.fixture
async def api() -> AsyncIterator[RestApi]:
    async with rest_api() as running:
        for name in ("shop", "other"):
            await running.call("POST", APPLICATIONS, {"kind": "Application", "metadata": {"name": name}})
        yield running


async def test_a_key_is_shown_once_and_kept_as_a_digest(api: RestApi) -> None:
    made = await api.call("POST", KEYS, {"description": "ci", "expiresAt": "2999-01-01T00:00:00Z"})
    key, credential = made.json["key"], made.json["credential"]
    assert key.startswith("isk_")
    assert credential["spec"]["hash"] == f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    listed = await api.call("GET", KEYS)
    assert [each["metadata"]["name"] for each in listed.json["items"]] == [credential["metadata"]["name"]]
    assert key.encode() not in listed.body
    assert (await api.call("GET", f"{APPLICATIONS}/other/keys")).json["items"] == []


async def test_a_key_is_revoked_by_its_application_only(api: RestApi) -> None:
    name = (await api.call("POST", KEYS, {})).json["credential"]["metadata"]["name"]
    assert (await api.call("DELETE", f"{APPLICATIONS}/other/keys/{name}")).status == 404
    revoked = await api.call("DELETE", f"{KEYS}/{name}")
    assert (revoked.status, revoked.json["spec"]["state"]) == (200, "Revoked")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{APPLICATIONS}/nobody/keys", {}, 404),
        (KEYS, {"expiresAt": "2020-01-01T00:00:00Z"}, 422),
        (KEYS, {"expiresAt": "tomorrow"}, 422),
        (KEYS, {"expiresAt": "2999-13-01T00:00:00Z"}, 422),
    ],
    ids=["unknown application", "past", "no time", "no such month"],
)
async def test_what_cannot_be_a_key_is_refused(api: RestApi, path: str, body: object, status: int) -> None:
    assert (await api.call("POST", path, body)).status == status


async def test_writes_are_in_the_audit_log(api: RestApi) -> None:
    await api.call("POST", KEYS, {}, token=api.tokens["write"], headers={"X-Request-Id": "r-1"})
    page = await api.call("GET", "/v1/audit?limit=1&tenant=default")
    (entry,) = page.json["items"]
    assert (entry["requestId"], entry["changes"][0]["kind"]) == ("r-1", "Credential")
    assert page.json["metadata"]["continue"]
