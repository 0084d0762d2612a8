"""Gateway: one fleet of replicas, and whose traffic it carries."""

from typing import ClassVar, Literal

from config_schemas.base import Model, Resource, Selector, Text
from config_schemas.routing.client_address import ClientAddress
from config_schemas.routing.gateway_tls import GatewayTls
from config_schemas.routing.per_address import PerAddress
from config_schemas.routing.sealed_ids import SealedIds


class GatewaySpec(Model):
    """A replica subscribes as one Gateway and receives the tenants that `tenants` selects, each whole."""

    tenants: Selector = Selector()
    client_address: ClientAddress | None = None
    per_address: PerAddress | None = None
    tls: GatewayTls | None = None
    sealed_ids: SealedIds | None = None
    description: Text = ""


class Gateway(Resource):
    """A fleet of replicas that serve the same configuration."""

    KIND: ClassVar[str] = "Gateway"
    PLURAL: ClassVar[str] = "gateways"
    SCOPE: ClassVar[Literal["Tenant", "Platform"]] = "Platform"

    kind: Literal["Gateway"] = "Gateway"
    spec: GatewaySpec = GatewaySpec()
