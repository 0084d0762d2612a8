"""Who may do what, over every operation."""

import pytest

from control_plane.api.operations import OPERATIONS, Operation
from control_plane.api.throttle import MAX_FAILURES
from control_plane.identity.actor import SCOPES, Scope
from tests.fakes.rest_api import RestApi, rest_api

GUARDED = [each for each in OPERATIONS if each.scope and each.action != "events"]  # that one answers for ever


def path_of(operation: Operation) -> str:
    return operation.path.format(tenant="default", name="x", application="a", credential="c", id="i")


@pytest.mark.parametrize("given", [None, *SCOPES], ids=str)
async def test_every_operation_asks_for_its_scope(given: Scope | None) -> None:
    async with rest_api() as api:
        for operation in GUARDED:
            status = await status_of(api, operation, given)
            allowed = given is not None and SCOPES.index(given) >= SCOPES.index(operation.scope or "admin")
            assert (status in (401, 403)) is not allowed, f"{operation.id} with {given}: {status}"
            assert allowed or status == (403 if given else 401)


async def status_of(api: RestApi, operation: Operation, given: Scope | None) -> int:
    """The body is no JSON and the revision an old one, so what is let through changes nothing."""
    headers = {"If-Match": '"1"'} if operation.method in ("PUT", "PATCH", "DELETE") else {}
    if given is None:
        headers["Authorization"] = "Basic x"
    data = None if operation.method in ("GET", "DELETE") else b"{"
    token = api.tokens[given] if given else ""
    return (await api.call(operation.method, path_of(operation), token=token, headers=headers, data=data)).status


async def test_an_unknown_token_is_401_and_says_how_to_send_one() -> None:
    async with rest_api() as api:
        answer = await api.call("GET", "/v1/status", token="isa_nonsense")
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="isthmus"')
        assert "Authorization: Bearer" in answer.json["detail"]


async def test_guessing_is_slowed_down_but_not_who_was_valid_before() -> None:
    async with rest_api() as api:
        assert (await api.call("GET", "/v1/status")).status == 200
        for _ in range(MAX_FAILURES):
            assert (await api.call("GET", "/v1/status", token="wrong")).status == 401
        refused = await api.call("GET", "/v1/status", token="wrong")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "3")
        assert (await api.call("GET", "/v1/status", token=api.tokens["read"])).status == 429
        assert (await api.call("GET", "/v1/status")).status == 200


async def test_a_revoked_token_ends_at_once() -> None:
    async with rest_api() as api:
        created = await api.call("POST", "/v1/tokens", {"scopes": ["read"], "description": "ci"})
        token, id = created.json["token"], created.json["details"]["id"]
        assert (await api.call("GET", "/v1/status", token=token)).status == 200
        assert id in [each["id"] for each in (await api.call("GET", "/v1/tokens")).json["items"]]
        assert (await api.call("DELETE", f"/v1/tokens/{id}")).status == 204
        assert (await api.call("GET", "/v1/status", token=token)).status == 401
        assert (await api.call("DELETE", f"/v1/tokens/{id}")).status == 404


async def test_the_open_paths_need_no_token() -> None:
    async with rest_api() as api:
        for path in ("/healthz", "/readyz"):
            assert (await api.call("GET", path, token="")).json == {"status": "ok"}
