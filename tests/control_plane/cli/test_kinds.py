"""Kinds and the API's paths."""

import pytest

from config_schemas.base import Resource
from config_schemas.registry import KINDS
from control_plane.cli.kinds import collection_path, display_name, find_kind, item_path


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.KIND)
def test_every_kind_is_found_by_kind_and_plural_in_any_case(kind: type[Resource]) -> None:
    written = (kind.KIND, kind.PLURAL, kind.KIND.lower(), kind.PLURAL.upper())
    assert {find_kind(each) for each in written} == {kind}


def test_platform_kinds_belong_to_the_platform_whatever_tenant_is_asked_for() -> None:
    team, gateway = find_kind("team"), find_kind("gateway")
    assert collection_path(team, None) == "/v1/teams"
    assert item_path(team, "shop", "a") == "/v1/tenants/shop/teams/a"
    assert item_path(gateway, "shop", "a") == "/v1/tenants/platform/gateways/a"
    assert (display_name(team, "shop", "a"), display_name(gateway, "shop", "a")) == (
        "shop/Team/a",
        "platform/Gateway/a",
    )


def test_names_are_quoted_in_paths() -> None:
    assert item_path(find_kind("team"), "a/b", "../c?d") == "/v1/tenants/a%2Fb/teams/..%2Fc%3Fd"
