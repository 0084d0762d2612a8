"""Writes: all or nothing, with history and audit, refusing what must not be stored."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from control_plane.audit.log import AuditLog
from control_plane.errors import (
    AlreadyExists,
    ControlPlaneError,
    InUse,
    Invalid,
    NotFound,
    RevisionConflict,
    StoreUnavailable,
    TooLarge,
)
from control_plane.identity.keys import ApiKeys
from control_plane.store.base import Compare, Put
from control_plane.store.changes import Action, Change, in_dependency_order
from control_plane.store.keys import HISTORY_PREFIX, credential_hash_key, resource_key
from tests.fakes.control_plane import (
    ACTOR,
    HASH,
    ControlPlane,
    change,
    control_plane,
    credential,
    document,
    model,
    provider,
    route,
    secret,
    store_for,
)


@pytest.fixture(params=["memory", "etcd"])
async def plane(request: pytest.FixtureRequest) -> AsyncIterator[ControlPlane]:
    async with control_plane(store_for(request)) as services:
        yield services
        await services.store.close()


def in_tenant(tenant: str, document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "metadata": {**document["metadata"], "tenant": tenant}}


async def write(plane: ControlPlane, *changes: Change) -> str:
    return (await plane.resources.write(changes, actor=ACTOR)).outcomes[0].action


async def everything(plane: ControlPlane) -> dict[str, bytes]:
    return {entry.key: entry.value for entry in (await plane.store.list("/")).entries}


async def refusal(plane: ControlPlane, *documents: dict[str, Any]) -> list[tuple[str, str]]:
    """The fields at fault; nothing may have been stored."""
    before = await everything(plane)
    with pytest.raises(Invalid) as caught:
        await plane.apply(*documents)
    assert await everything(plane) == before
    return [(error.path, error.message) for error in caught.value.field_errors]


async def test_each_action_does_what_it_says(plane: ControlPlane) -> None:
    team = document("Team", "a")
    assert await write(plane, change(team, Action.CREATE)) == "created"
    assert await write(plane, change(document("Team", "a", {"displayName": "A"}), Action.REPLACE)) == "replaced"
    assert await write(plane, change(document("Team", "a", labels={"x": "y"}))) == "replaced"
    patch = Change(Action.PATCH, "Team", "default", "a", {"spec": {"displayName": "P"}, "metadata": {"labels": None}})
    assert await write(plane, patch) == "replaced"
    found = await plane.resources.get("Team", "default", "a")
    assert (found.model_dump()["spec"]["displayName"], found.metadata.labels) == ("P", {})
    assert await write(plane, Change(Action.DELETE, "Team", "default", "a")) == "deleted"


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (Change(Action.CREATE, "Tenant", "platform", "default", {}), AlreadyExists),
        (Change(Action.REPLACE, "Team", "default", "x", {}), NotFound),
        (Change(Action.PATCH, "Team", "default", "x", {}), NotFound),
        (Change(Action.DELETE, "Team", "default", "x"), NotFound),
        (Change(Action.APPLY, "Team", "default", "x", {}, expected_revision=7), RevisionConflict),
        (Change(Action.DELETE, "Tenant", "platform", "default", expected_revision=1), RevisionConflict),
        (Change(Action.APPLY, "Tenant", "platform", "default", {}, require_absent=True), RevisionConflict),
        (Change(Action.APPLY, "Modell", "default", "x", {}), NotFound),
    ],
    ids=lambda value: value.action.value if isinstance(value, Change) else value.__name__,
)
async def test_a_change_that_expects_otherwise_is_refused(
    plane: ControlPlane, made: Change, error: type[ControlPlaneError]
) -> None:
    before = await everything(plane)
    with pytest.raises(error):
        await write(plane, made)
    assert await everything(plane) == before


async def test_what_is_as_it_was_is_not_written(plane: ControlPlane) -> None:
    await plane.apply(provider(), secret())
    before = await everything(plane)
    shown = (await plane.resources.get("Secret", "default", "keys")).model_dump(mode="json", by_alias=True)
    result = await plane.apply(provider(), secret(), actor=ACTOR)
    assert ([outcome.action for outcome in result.outcomes], result.revision) == (["unchanged"] * 2, 0)
    assert (await plane.apply(shown)).outcomes[0].action == "unchanged"
    assert await everything(plane) == before


async def test_the_generation_rises_with_the_spec_only_and_the_creation_time_stays(plane: ControlPlane) -> None:
    await plane.apply(document("Team", "a"))
    plane.clock.advance(hours=1)
    labelled = (await plane.apply(document("Team", "a", labels={"x": "y"}))).outcomes[0].resource
    changed = (await plane.apply(document("Team", "a", {"displayName": "A"}))).outcomes[0].resource
    assert labelled is not None
    assert changed is not None
    assert (labelled.metadata.generation, changed.metadata.generation) == (1, 2)
    assert changed.metadata.created_at == "2026-11-24T12:00:00.000Z"


async def test_a_dry_run_answers_alike_and_writes_nothing(plane: ControlPlane) -> None:
    before = await everything(plane)
    result = await plane.resources.write([change(provider())], actor=ACTOR, dry_run=True)
    assert (result.revision, result.outcomes[0].action) == (0, "created")
    assert await everything(plane) == before


async def test_the_audit_log_says_who_did_what_newest_first(plane: ControlPlane) -> None:
    first = await plane.apply(provider(), model())
    plane.clock.advance(seconds=1)
    second = await plane.delete("Model", "chat")
    log = AuditLog(plane.store)
    page = await log.list(limit=1)
    assert [(c.action, c.name, c.before_revision, c.after_revision) for c in page.entries[0].changes] == [
        ("deleted", "chat", first.revision, 0)
    ]
    assert (page.entries[0].actor, page.entries[0].request_id) == ("admin-1", "req-1")
    rest = await log.list(token=page.token)
    assert [entry.revision for entry in (*page.entries, *rest.entries)] == [second.revision, first.revision]
    assert (await log.list(tenant="acme")).entries == ()


@pytest.mark.parametrize(
    ("refused", "field", "message"),
    [
        (model(provider="x"), "spec.versions[0].targets[0].providerRef", "Provider 'x' does not exist"),
        (in_tenant("acme", provider()), "metadata.tenant", "tenant 'acme' does not exist"),
        (route(models=None, serviceRef={"name": "x"}), "spec.serviceRef", "Service 'x' does not exist"),
        (route(gatewayRefs=[{"name": "x"}]), "spec.gatewayRefs[0]", "Gateway 'x' does not exist in tenant 'platform'"),
        (route(models={"refs": [{"name": "x"}]}), "spec.models.refs[0]", "Model 'x' does not exist"),
        (credential("c"), "spec.applicationRef", "Application 'app' does not exist"),
        (document("Application", "a", {"teamRef": {"name": "x"}}), "spec.teamRef", "Team 'x' does not exist"),
        (provider(auth={"secretRef": {"name": "x"}}), "spec.auth.secretRef", "Secret 'x' does not exist"),
        (provider(auth={"secretRef": {"name": "keys", "key": "x"}}), "spec.auth.secretRef.key", "it has 'value'"),
        (provider(auth={"secretRef": {"name": "keys", "tenant": "acme"}}), "spec.auth.secretRef.tenant", "must be"),
        (provider(tls={"clientCertificateRef": {"name": "x"}}), "spec.tls.clientCertificateRef", "'x' does not exist"),
        (
            document("TimeoutPolicy", "t", {"targetRefs": [{"kind": "Route", "name": "x"}], "requestSeconds": 1}),
            "spec.targetRefs[0]",
            "Route 'x' does not exist",
        ),
        (
            document("TimeoutPolicy", "t", {"targetRefs": [{"kind": "Tenant", "name": "acme"}], "requestSeconds": 1}),
            "spec.targetRefs[0].name",
            "must be 'default'",
        ),
        (document("Secret", "s", {"data": {"a": "sealed:v1:k1:AAAA"}}), "spec.data.a", "write the plain value"),
        (document("Secret", "s", {"data": {"a": "fingerprint:v1:00"}}), "spec.data.a", "write the plain value"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
async def test_a_bad_reference_is_refused_with_its_field_and_nothing_is_stored(
    plane: ControlPlane, refused: dict[str, Any], field: str, message: str
) -> None:
    await plane.apply(secret())
    found = await refusal(plane, refused)
    assert [path for path, _ in found] == [field]
    assert message in found[0][1]


async def test_a_batch_reports_all_errors_of_all_documents(plane: ControlPlane) -> None:
    found = await refusal(plane, document("Team", "ok"), model(bogus=1), document("Team", "b", {"displayName": 1}))
    assert [path for path, _ in found] == ["documents[1].spec.bogus", "documents[2].spec.displayName"]


async def test_documents_of_a_batch_may_refer_to_each_other(plane: ControlPlane) -> None:
    tenant, app = document("Tenant", "acme"), in_tenant("acme", document("Application", "app"))
    documents = [route(models={"refs": [{"name": "chat"}]}), model(), provider(), app, tenant]
    result = await plane.apply(*documents)
    assert [outcome.action for outcome in result.outcomes] == ["created"] * 5


async def test_a_tenant_may_use_what_the_platform_has(plane: ControlPlane) -> None:
    await plane.apply(in_tenant("platform", provider("shared")))
    targets = [{"providerRef": {"name": "shared", "tenant": "platform"}}]
    await plane.apply(model(versions=[{"name": "v1", "targets": targets}]))
    with pytest.raises(InUse, match="platform/Provider/shared is in use by default/Model/chat"):
        await plane.delete("Provider", "shared", "platform")


async def test_what_is_in_use_is_not_removed(plane: ControlPlane) -> None:
    await plane.apply(secret(value="a", other="b"), provider(auth={"secretRef": {"name": "keys"}}), model())
    for kind, name, tenant in (("Provider", "openai", "default"), ("Secret", "keys", "default")):
        with pytest.raises(InUse, match=f"{kind}/{name} is in use by"):
            await plane.delete(kind, name, tenant)
    with pytest.raises(InUse, match="platform/Tenant/default is in use by"):
        await plane.delete("Tenant", "default", "platform")
    with pytest.raises(InUse, match="default/Secret/keys#value is in use by default/Provider/openai"):
        await plane.apply(secret(other="b"))
    await plane.apply(secret(value="a"))


async def test_a_batch_removes_what_is_used_with_what_uses_it(plane: ControlPlane) -> None:
    await plane.apply(provider(), model())
    kinds = [("Provider", "openai"), ("Model", "chat")]
    result = await plane.resources.write(
        [Change(Action.DELETE, kind, "default", name) for kind, name in kinds], actor=ACTOR
    )
    assert [outcome.action for outcome in result.outcomes] == ["deleted", "deleted"]


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        (model("a", modelName="gpt"), model("b", modelName="gpt"), "spec.modelName"),
        (model("a", aliases=["gpt"]), model("gpt"), "metadata.name"),
        (model("a"), model("b", aliases=["x", "a"]), "spec.aliases[1]"),
        (route("a"), route("b"), "spec.matches[0]"),
        (route("a", hostnames=["x.io", "y.io"]), route("b", hostnames=["y.io"]), "spec.matches[0]"),
        (route("a", gatewayRefs=[{"name": "default"}]), route("b"), "spec.matches[0]"),
        (
            route("a", matches=[{"headers": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}]),
            route("b", matches=[{"headers": [{"name": "b", "value": "2"}, {"name": "a", "value": "1"}]}]),
            "spec.matches[0]",
        ),
    ],
)
async def test_a_name_or_match_that_another_has_is_refused(
    plane: ControlPlane, first: dict[str, Any], second: dict[str, Any], field: str
) -> None:
    await plane.apply(provider(), first)
    found = await refusal(plane, second)
    assert [path for path, _ in found] == [field]
    assert f"{first['kind']}/a already has" in found[0][1]
    await plane.delete(first["kind"], "a")
    assert f"documents[1].{field}" in [path for path, _ in await refusal(plane, first, second)]
    await plane.apply(second)


@pytest.mark.parametrize(
    "second",
    [
        route("b", hostnames=["x.io"]),
        route("b", matches=[{"path": {"value": "/v2"}}]),
        route("b", matches=[{"path": {"type": "Exact", "value": "/"}}]),
        route("b", matches=[{"methods": ["GET"]}]),
        route("b", matches=[{"query": [{"name": "a", "value": "1"}]}]),
    ],
)
async def test_routes_that_differ_do_not_tie(plane: ControlPlane, second: dict[str, Any]) -> None:
    await plane.apply(route("a"))
    await plane.apply(second)


async def test_a_key_belongs_to_one_credential(plane: ControlPlane) -> None:
    await plane.apply(document("Application", "app"), credential("a"))
    assert await refusal(plane, credential("b")) == [
        ("spec.hash", "is that of another Credential; a key belongs to one Credential only")
    ]
    await plane.apply(credential("a", "sha256:" + "1" * 64))
    await plane.apply(credential("b"))
    await plane.delete("Credential", "b")
    assert await plane.store.get(credential_hash_key(HASH)) is None


async def test_forty_of_any_kind_fit_and_more_are_refused(plane: ControlPlane) -> None:
    await plane.apply(document("Application", "app"))
    keys = [ApiKeys().create("default", "app").credential for _ in range(41)]
    documents = [key.model_dump(mode="json", by_alias=True, exclude_none=True) for key in keys]
    with pytest.raises(TooLarge, match="at most 40"):
        await plane.apply(*documents)
    await plane.apply(*documents[:40])


async def test_changes_one_by_one_go_in_the_order_of_their_dependencies(plane: ControlPlane) -> None:
    made = [change(route()), change(model()), change(provider())]
    removed = [Change(Action.DELETE, kind, "default", name) for kind, name in (("Provider", "p"), ("Model", "m"))]
    ordered = in_dependency_order([*removed, *made])
    assert [(each.action.value, each.kind) for each in ordered] == [
        ("apply", "Provider"),
        ("apply", "Model"),
        ("apply", "Route"),
        ("delete", "Model"),
        ("delete", "Provider"),
    ]


async def test_a_secret_is_nowhere_in_the_store_nor_in_an_answer(plane: ControlPlane) -> None:
    result = await plane.apply(secret(value="sk-first"))
    await plane.apply(secret(value="sk-second"))
    await plane.delete("Secret", "keys")
    history = await plane.resources.history("Secret", "default", "keys")
    told = (
        repr(result) + repr(history) + "".join(entry.resource.model_dump_json() for entry in history if entry.resource)
    )
    for text in (*map(repr, (await everything(plane)).values()), told):
        assert "sk-first" not in text
        assert "sk-second" not in text
    assert "fingerprint:v1:" in told


async def test_a_fingerprint_written_back_keeps_its_value(plane: ControlPlane) -> None:
    await plane.apply(secret(value="sk-first"))
    shown = (await plane.resources.get("Secret", "default", "keys")).model_dump(mode="json", by_alias=True)
    shown["spec"]["data"]["more"] = "sk-more"
    await plane.apply(shown)
    stored = json.loads((await everything(plane))[resource_key("default/Secret/keys")])
    opened = {
        key: plane.sealer.open("default/Secret/keys", key, value) for key, value in stored["spec"]["data"].items()
    }
    assert opened == {"value": "sk-first", "more": "sk-more"}


async def test_many_writers_at_once_all_write(plane: ControlPlane) -> None:
    await plane.apply(provider())
    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(plane.apply(model(f"m{number}")))
    assert len((await plane.resources.list("Model", "default")).items) == 5


async def test_a_store_that_is_away_is_said_so(plane: ControlPlane) -> None:
    await plane.store.close()
    with pytest.raises(StoreUnavailable):
        await plane.apply(document("Team", "a"))


async def test_what_is_too_large_for_the_store_is_refused(plane: ControlPlane) -> None:
    text = "x" * 65536
    data = {f"k{number}": text for number in range(14)}
    with pytest.raises(TooLarge, match="at once"):
        await plane.apply(document("Secret", "big", {"data": data}))


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("Secret", b"not json"),
        ("Secret", b'{"apiVersion":"isthmus.dev/v1","kind":"Secret","metadata":{},"spec":{"data":[1]}}'),
        ("Secret", b'{"apiVersion":"isthmus.dev/v1","kind":"Secret","metadata":{},"spec":{"data":{"value":7}}}'),
        ("Model", b'{"apiVersion":"v0","kind":"Model"}'),
        ("Model", b'{"apiVersion":"isthmus.dev/v1","kind":"Model","metadata":{"createdAt":"x"},"spec":{"versions":3}}'),
        ("Credential", b'{"apiVersion":"isthmus.dev/v1","kind":"Credential","metadata":[],"spec":{"hash":1}}'),
        (
            "Route",
            b'{"apiVersion":"isthmus.dev/v1","kind":"Route","metadata":{"generation":"a"},"spec":{"matches":[]}}',
        ),
    ],
)
async def test_what_was_written_by_hand_is_replaced_and_deleted_like_any_other(
    plane: ControlPlane, kind: str, stored: bytes
) -> None:
    good = {"Secret": secret("x"), "Model": model("x"), "Credential": credential("x"), "Route": route("x")}[kind]
    await plane.apply(provider(), document("Application", "app"))
    key = resource_key(f"default/{kind}/x")
    for made in (change(good), Change(Action.DELETE, kind, "default", "x")):
        entry = await plane.store.get(key)
        await plane.store.transact([Compare(key, entry.revision if entry else 0)], [Put(key, stored)])
        await plane.resources.write([made], actor=ACTOR)
        if made.action is Action.APPLY:
            found = await plane.resources.get(kind, "default", "x")
            assert found.metadata.created_at == "2026-11-24T12:00:00.000Z"
    with pytest.raises(NotFound):
        await plane.resources.get(kind, "default", "x")


@pytest.mark.parametrize("action", list(Action))
async def test_no_name_reaches_what_is_no_resource(plane: ControlPlane, action: Action) -> None:
    await plane.apply(document("Team", "a"))
    entries = (await plane.store.list(HISTORY_PREFIX)).entries
    name = f"a/{entries[0].key.rpartition('/')[2]}"
    before = await everything(plane)
    with pytest.raises(ControlPlaneError):
        await plane.resources.write([Change(action, "Team", "_history/default", name, {})], actor=ACTOR)
    with pytest.raises(NotFound):
        await plane.resources.get("Team", "_history/default", name)
    with pytest.raises(NotFound):
        await plane.resources.history("Team", "default", "")
    assert await everything(plane) == before
