"""What an AddressPolicy and the address parts of a Gateway may say."""

from typing import Any

import pytest
from pydantic import ValidationError

from config_schemas.base import Model
from config_schemas.policies.address import AddressPolicySpec
from config_schemas.policies.header import HeaderPolicySpec
from config_schemas.routing.gateway import GatewaySpec

TARGETS = {"targetRefs": [{"kind": "Route", "name": "r"}]}


def problem(spec: type[Model], document: dict[str, Any]) -> str:
    """The message of the refusal; empty if there is none."""
    try:
        spec.model_validate(document, strict=False)
    except ValidationError as error:
        return "\n".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return ""


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        pytest.param({"allow": ["10.0.0.0/8", "2001:db8::/32"]}, "", id="allow"),
        pytest.param({"deny": ["192.0.2.1"]}, "", id="deny"),
        pytest.param({}, "at least one network in `allow` or `deny`", id="neither"),
        pytest.param({"allow": ["10.0.0.1/8"]}, "`allow`: '10.0.0.1/8' must be the network's first", id="host bits"),
        pytest.param({"deny": ["10.0.0.0/40"]}, "`deny`: '10.0.0.0/40': the prefix length", id="prefix length"),
        pytest.param({"deny": ["example.com"]}, "deny.0", id="a name"),
        pytest.param({"allow": ["10.0.0.0/8"] * 1001}, "at most 1000", id="too many"),
    ],
)
def test_an_address_policy_names_networks(networks: dict[str, Any], message: str) -> None:
    found = problem(AddressPolicySpec, {**TARGETS, **networks})

    assert message in found if message else found == ""


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param({"clientAddress": {}}, "", id="trusts nobody"),
        pytest.param({"clientAddress": {"trustedProxies": ["10.0.0.0/8"], "header": "Forwarded"}}, "", id="trusts"),
        pytest.param({"clientAddress": {"trustedProxies": ["10.1.0.0/8"]}}, "`trustedProxies`: ", id="host bits"),
        pytest.param({"clientAddress": {"header": "CF-Connecting-IP"}}, "clientAddress.header", id="another header"),
        pytest.param({"perAddress": {"connections": 100}}, "", id="connections"),
        pytest.param({"perAddress": {"requestsPerSecond": 10, "burst": 50}}, "", id="rate"),
        pytest.param({"perAddress": {"exempt": ["::1"]}}, "at least one of `connections`", id="no cap"),
        pytest.param({"perAddress": {"connections": 1, "burst": 5}}, "`burst` needs", id="burst alone"),
        pytest.param({"perAddress": {"connections": 0}}, "greater than or equal to 1", id="nobody may connect"),
        pytest.param({"perAddress": {"connections": 1, "exempt": ["::1/64"]}}, "`exempt`: ", id="exempt host bits"),
    ],
)
def test_a_gateway_says_whom_it_trusts_and_what_one_address_may(spec: dict[str, Any], message: str) -> None:
    found = problem(GatewaySpec, spec)

    assert message in found if message else found == ""


@pytest.mark.parametrize("name", ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"])
@pytest.mark.parametrize("change", ["set", "remove"])
def test_no_header_policy_says_who_the_client_is(name: str, change: str) -> None:
    field = {"name": name, "value": "1"} if change == "set" else name

    assert f"'{name}' is set by the gateway" in problem(HeaderPolicySpec, {**TARGETS, "request": {change: [field]}})
