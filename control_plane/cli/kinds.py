"""Kinds as people write them: `model`, `models`, `Model`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from config_schemas.base import PLATFORM_TENANT, Resource
from config_schemas.registry import KINDS, PLURALS
from control_plane.cli.errors import CliError, ExitCode


def find_kind(written: str) -> type[Resource]:
    """The kind meant.

    Raises:
        CliError: there is none; the message names all.
    """
    lower = written.lower()
    found = PLURALS.get(lower) or next((kind for name, kind in KINDS.items() if name.lower() == lower), None)
    if found is None:
        raise CliError(f"there is no kind '{written}'; there are {', '.join(PLURALS)}", ExitCode.USAGE)
    return found


def creation_order(document: Mapping[str, Any]) -> int:
    """Kinds stand in the order in which they can be created; what is no kind is refused wherever it stands."""
    kinds, kind = list(KINDS), document.get("kind")
    return kinds.index(kind) if kind in kinds else len(kinds)


def collection_path(kind: type[Resource], tenant: str | None) -> str:
    """The API's path of a kind's resources in a tenant, or in all."""
    if tenant is None:
        return f"/v1/{kind.PLURAL}"
    return f"/v1/tenants/{quote(_owner(kind, tenant), safe='')}/{kind.PLURAL}"


def item_path(kind: type[Resource], tenant: str, name: str) -> str:
    """The API's path of one resource."""
    return f"{collection_path(kind, tenant)}/{quote(name, safe='')}"


def display_name(kind: type[Resource], tenant: str, name: str) -> str:
    """What a resource is called in what commands print."""
    return f"{_owner(kind, tenant)}/{kind.KIND}/{name}"


def _owner(kind: type[Resource], tenant: str) -> str:
    return PLATFORM_TENANT if kind.SCOPE == "Platform" else tenant
