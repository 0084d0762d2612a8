"""Tenant and Team: to whom everything belongs."""

from typing import ClassVar, Literal

from config_schemas.base import Model, Resource, Text


class TenantSpec(Model):
    """Facts about a tenant. Gateways select it by its labels."""

    display_name: Text = ""


class Tenant(Resource):
    """The owner of resources. Its own resource lies in the tenant `platform`."""

    KIND: ClassVar[str] = "Tenant"
    PLURAL: ClassVar[str] = "tenants"
    SCOPE: ClassVar[Literal["Tenant", "Platform"]] = "Platform"

    kind: Literal["Tenant"] = "Tenant"
    spec: TenantSpec = TenantSpec()


class TeamSpec(Model):
    """Facts about a team."""

    display_name: Text = ""


class Team(Resource):
    """A group of applications in a tenant."""

    KIND: ClassVar[str] = "Team"
    PLURAL: ClassVar[str] = "teams"

    kind: Literal["Team"] = "Team"
    spec: TeamSpec = TeamSpec()
