"""Gateway: one fleet of replicas, and whose traffic it carries."""

from typing import ClassVar, Literal

from config_schemas.base import Model, Resource, Selector, Text


class GatewaySpec(Model):
    """A replica subscribes as one Gateway and receives the tenants that `tenants` selects, each whole."""

    tenants: Selector = Selector()
    description: Text = ""


class Gateway(Resource):
    """A fleet of replicas that serve the same configuration."""

    KIND: ClassVar[str] = "Gateway"
    PLURAL: ClassVar[str] = "gateways"
    SCOPE: ClassVar[Literal["Tenant", "Platform"]] = "Platform"

    kind: Literal["Gateway"] = "Gateway"
    spec: GatewaySpec = GatewaySpec()
