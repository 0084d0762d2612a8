"""ValidationPolicies in a compiled configuration."""

import json
import time
from typing import Any

from pytest import mark

from data_plane.config.contracts import make_contract
from data_plane.pipeline.filter import BodyMode
from tests.fakes.contracts import PETS, policy
from tests.fakes.gateway import Gateway, basic, request, resource, route

JSON = {"content_type": "application/json"}


def large(operations: int = 300, schemas: int = 250, properties: int = 20) -> dict[str, Any]:
    """A document of 360 KB whose schemas refer to each other."""
    fields = {f"p{number}": {"type": "string", "pattern": "^[a-z]+$"} for number in range(properties)}
    components = {
        f"S{n}": {"type": "object", "properties": {**fields, "next": {"$ref": f"#/components/schemas/S{n - n % 10}"}}}
        for n in range(schemas)
    }
    content = [
        {"application/json": {"schema": {"$ref": f"#/components/schemas/S{n % schemas}"}}} for n in range(operations)
    ]
    paths = {
        f"/r{n}/{{id}}": {
            "post": {
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"content": content[n]},
                "responses": {"200": {"content": content[n]}},
            }
        }
        for n in range(operations)
    }
    return {"openapi": "3.1.0", "paths": paths, "components": {"schemas": components}}


def held(**spec: Any) -> dict[str, bytes]:
    """A Service behind a route, with a policy."""
    return basic() | dict(
        [
            resource("Service", "pets", {"endpoints": [{"host": "127.0.0.1", "port": 80}]}),
            route("pets", serviceRef={"name": "pets"}, matches=[{"path": {"value": "/v1/pets"}}]),
            route("other", serviceRef={"name": "pets"}, matches=[{"path": {"value": "/other"}}]),
            resource("ValidationPolicy", "pets", {"targetRefs": [{"kind": "Route", "name": "pets"}], **spec}),
        ]
    )


def test_requests_of_what_a_policy_reaches_are_held_to_it() -> None:
    gateway = Gateway(held(openapi={"document": PETS}))

    good = gateway.ask(request("POST", "/v1/pets", b'{"name":"rex"}', **JSON))
    bad = gateway.ask(request("POST", "/v1/pets", b'{"name":"REX"}', **JSON))
    other = gateway.ask(request("POST", "/other", b'{"name":"REX"}', **JSON))

    assert (good.code, bad.code, other.code) == ("", "invalid_request", "")
    assert good.plan.body_mode is BodyMode.CONTENT and good.plan.holds_body
    assert other.plan.body_mode is BodyMode.OPAQUE and not other.plan.holds_body


def test_all_policies_that_reach_a_request_apply() -> None:
    policies = [
        resource("ValidationPolicy", name, {"selector": {"kind": "Route"}, "requestSchema": {"required": [name]}})
        for name in ("a", "b")
    ]
    gateway = Gateway(held(openapi={"document": PETS, "unknownOperations": "Allow"}) | dict(policies))

    codes = [
        gateway.ask(request("POST", "/other", body, **JSON)).code for body in (b'{"a":1}', b'{"b":1}', b'{"a":1,"b":1}')
    ]

    assert codes == ["invalid_request", "invalid_request", ""]


@mark.parametrize(
    ("spec", "reason"),
    [
        ({"openapi": {"document": '{"openapi":"2.0"}'}}, "`spec.openapi.document`: /openapi: must be a version"),
        ({"openapi": {"document": "{ "}}, "`spec.openapi.document`: /: the document must be JSON"),
        ({"requestSchema": {"type": "wat"}}, "`spec.requestSchema`: /type: Unexpected type"),
        ({"requestSchema": {"$ref": "http://127.0.0.1/"}}, "`spec.requestSchema`: /: `$ref` must begin with '#/'"),
        (
            {"responseSchema": {"pattern": "("}, "responses": "Shadow"},
            '`spec.responseSchema`: /pattern: the value is not a "regex"',
        ),
    ],
)
def test_a_policy_that_cannot_be_compiled_is_rejected(spec: dict[str, Any], reason: str) -> None:
    (rejection,) = Gateway().apply(held(**spec)).rejections

    assert rejection.path == "default/ValidationPolicy/pets"
    assert rejection.reason.startswith(reason)


def test_a_policy_in_shadow_judges_and_refuses_nothing() -> None:
    gateway = Gateway(held(requestSchema={"type": "array"}, mode="Shadow"))

    assert gateway.ask(request("POST", "/v1/pets", b"{}", **JSON)).code == ""
    assert list(gateway.metrics.validation) == [("default/pets", "request", "invalid")]


def test_a_contract_stays_until_its_policy_changes() -> None:
    gateway = Gateway(held(requestSchema={"type": "array"}))
    path = "default/ValidationPolicy/pets"
    before = gateway.snapshot.sources.policies.contracts[path]

    gateway.apply(dict([resource("TimeoutPolicy", "slow", {"selector": {"kind": "Route"}, "requestSeconds": 5})]))
    assert gateway.snapshot.sources.policies.contracts[path] is before

    gateway.apply({}, [path])
    assert gateway.snapshot.sources.policies.contracts == {}
    assert gateway.ask(request("POST", "/v1/pets", b"{}", **JSON)).code == ""


def test_a_large_document_is_compiled_in_small_steps() -> None:
    text = json.dumps(large())
    assert len(text) > 350_000
    steps: list[float] = []
    making = make_contract(policy(openapi={"document": text}, responses="Enforce"))
    contract = None
    while contract is None:
        started = time.thread_time()
        try:
            next(making)
        except StopIteration as end:
            contract = end.value
        steps.append(time.thread_time() - started)

    # A collection of garbage may fall into one of them, and is not theirs.
    assert sorted(steps)[-3] < 0.015
    assert len(steps) > 500


def test_patterns_schemas_and_values_of_a_stranger_never_reach_the_network() -> None:
    document = {
        **PETS,
        "components": {"schemas": {**PETS["components"]["schemas"], "Unused": {"$ref": "http://127.0.0.1:9/x"}}},
    }

    assert Gateway(held(openapi={"document": document})).ask(request("GET", "/v1/pets")).code == ""
