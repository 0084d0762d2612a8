"""`Idempotency-Key`: made once, answered again."""

from collections.abc import AsyncIterator

import pytest

from control_plane.store.keys import IDEMPOTENCY_PREFIX
from tests.fakes.rest_api import RestApi, rest_api

APPLICATIONS = "/v1/tenants/default/applications"
KEYS = f"{APPLICATIONS}/shop/keys"
KEY = {"Idempotency-Key": "abc"}


@pytest.fixture
async def api() -> AsyncIterator[RestApi]:
    async with rest_api() as running:
        await running.call("POST", APPLICATIONS, {"kind": "Application", "metadata": {"name": "shop"}})
        yield running


async def test_a_repeated_request_gets_the_first_answer(api: RestApi) -> None:
    first = await api.call("POST", KEYS, {}, headers=KEY)
    second = await api.call("POST", KEYS, {}, headers=KEY)
    assert (first.status, second.status, first.body) == (201, 201, second.body)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len((await api.call("GET", KEYS)).json["items"]) == 1


async def test_another_request_with_the_key_is_refused(api: RestApi) -> None:
    await api.call("POST", KEYS, {}, headers=KEY)
    answer = await api.call("POST", KEYS, {"description": "other"}, headers=KEY)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_the_key_is_the_actors_own(api: RestApi) -> None:
    first = await api.call("POST", KEYS, {}, headers=KEY)
    second = await api.call("POST", KEYS, {}, headers=KEY, token=api.tokens["write"])
    assert first.json["key"] != second.json["key"]


async def test_a_refused_request_may_be_made_again(api: RestApi) -> None:
    assert (await api.call("POST", KEYS, {"colour": "red"}, headers=KEY)).status == 422
    assert (await api.call("POST", KEYS, {}, headers=KEY)).status == 201


async def test_the_kept_answer_does_not_show_the_key(api: RestApi) -> None:
    key = (await api.call("POST", KEYS, {}, headers=KEY)).json["key"]
    page = await api.store.list(IDEMPOTENCY_PREFIX)
    assert page.entries
    assert all(key.encode() not in entry.value for entry in page.entries)


@pytest.mark.parametrize("key", ["", "a b", "x" * 256], ids=["empty", "a space", "too long"])
async def test_a_key_has_a_form(api: RestApi, key: str) -> None:
    assert (await api.call("POST", KEYS, {}, headers={"Idempotency-Key": key})).status == 400
