"""Backup, restore, epochs and snapshots over the REST API."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import ClientError

from config_schemas.sealed_snapshot import read_header
from control_plane.backup import contents, export
from control_plane.backup.file import NoBackup, Section, check
from control_plane.store.base import Compacted, Entry, Store
from tests.fakes.backup import epoch, lead
from tests.fakes.rest_api import Answer, RestApi, rest_api

MEDIA_TYPE = "application/vnd.isthmus.backup"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[RestApi]:
    (tmp_path / "keys").write_text(base64.b64encode(b"k" * 32).decode())
    async with rest_api(key_file=tmp_path / "keys") as running:
        yield running


async def backup(api: RestApi) -> bytes:
    answer = await api.call("GET", "/v1/backup")
    assert (answer.status, answer.headers["Content-Type"]) == (200, MEDIA_TYPE)
    return answer.body


async def restore(api: RestApi, body: bytes, query: str = "") -> Answer:
    return await api.call("PUT", f"/v1/restore{query}", data=body, headers={"Content-Type": MEDIA_TYPE})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/backup"),
        ("PUT", "/v1/restore"),
        ("GET", "/v1/restore"),
        ("POST", "/v1/epoch"),
        ("GET", "/v1/tenants/platform/gateways/default/snapshot"),
    ],
)
async def test_only_admins_may(api: RestApi, method: str, path: str) -> None:
    for scope in ("read", "write"):
        answer = await api.call(method, path, token=api.tokens[scope])
        assert (answer.status, answer.json["code"]) == (403, "forbidden")


async def test_a_backup_goes_into_another_control_plane(api: RestApi) -> None:
    await api.call("PUT", "/v1/tenants/default/teams/red", team("red"))
    body = await backup(api)
    assert check(io.BytesIO(body))[1].counts["resources"] == 3
    async with rest_api() as other:
        assert (await restore(other, body, "?dryRun=true")).json["state"] == "DryRun"
        begun = await restore(other, body)
        assert (begun.status, begun.json["state"]) == (200, "Applying")
        await lead(other.store)
        finished = await other.call("GET", "/v1/restore")
        assert (finished.json["state"], finished.json["backup"]) == ("Finished", begun.json["backup"])
        await other.caught_up()
        assert (await other.call("GET", "/v1/tenants/default/teams/red")).status == 200
        audit = (await other.call("GET", "/v1/audit")).json["items"]
        assert "restored" in {change["action"] for entry in audit for change in entry["changes"]}


async def test_a_store_that_is_in_use_is_not_replaced_by_mistake(api: RestApi) -> None:
    body = await backup(api)
    await api.call("PUT", "/v1/tenants/default/teams/red", team("red"))
    answer = await restore(api, body)
    assert (answer.status, answer.json["code"]) == (409, "store_not_empty")
    assert "delete 1" in answer.json["detail"]
    assert (await restore(api, body, "?accept=true")).json["counts"]["resourcesDeleted"] == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 5_000_000], ids=["empty", "json", "large"])
async def test_what_is_no_backup_is_refused(api: RestApi, body: bytes) -> None:
    answer = await restore(api, body)
    assert (answer.status, answer.json["code"]) == (422, "invalid")


async def test_while_a_restore_is_under_way_there_is_neither_another_nor_a_backup(api: RestApi) -> None:
    body = await backup(api)
    await restore(api, body)
    for answer in (await restore(api, body), await api.call("GET", "/v1/backup"), await api.call("POST", "/v1/epoch")):
        assert (answer.status, answer.json["code"]) == (503, "restore_under_way")
    assert (await restore(api, body, "?accept=true")).json["state"] == "Applying"  # in place of it


async def test_an_epoch_is_announced(api: RestApi) -> None:
    answer = await api.call("POST", "/v1/epoch")
    announced = await epoch(api.store)
    assert announced is not None
    assert (answer.status, answer.json["epoch"], announced.accept) == (200, announced.name, True)


async def test_a_backup_that_cannot_be_finished_is_cut_short(api: RestApi, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        await api.call("PUT", f"/v1/tenants/default/teams/t{number}", team(f"t{number}"))

    async def fail_late(store: Store, section: Section, revision: int) -> AsyncIterator[Sequence[Entry]]:
        async for page in contents.pages(store, section, revision):
            yield page
        raise Compacted(1)

    monkeypatch.setattr(export, "pages", fail_late)
    request = api.client.get("/v1/backup", headers={"Authorization": f"Bearer {api.tokens['admin']}"})
    async with asyncio.timeout(5), request as response:
        with pytest.raises((ClientError, NoBackup)):
            check(io.BytesIO(await response.read()))


async def test_a_snapshot_is_for_the_gateway_that_is_named(api: RestApi) -> None:
    answer = await api.call("GET", "/v1/tenants/platform/gateways/default/snapshot?schemaVersion=1")
    header, _ = read_header(io.BytesIO(answer.body))
    assert (answer.status, header.gateway, header.schema_version, header.epoch) == (200, "default", 1, "epoch-1")
    missing = await api.call("GET", "/v1/tenants/platform/gateways/edge/snapshot")
    assert (missing.status, missing.json["code"]) == (404, "not_found")
    async with rest_api() as without:
        answer = await without.call("GET", "/v1/tenants/platform/gateways/default/snapshot")
        assert (answer.status, answer.json["code"]) == (409, "no_snapshot_key")


def team(name: str) -> dict[str, object]:
    metadata = {"name": name, "tenant": "default"}
    return {"apiVersion": "isthmus.dev/v1", "kind": "Team", "metadata": metadata, "spec": {}}
