"""All kinds, by name and by plural."""

from collections.abc import Mapping

from config_schemas.base import Resource
from config_schemas.identity.application import Application
from config_schemas.identity.credential import Credential
from config_schemas.identity.secret import Secret
from config_schemas.identity.tenant import Team, Tenant
from config_schemas.policies.address import AddressPolicy
from config_schemas.policies.cors import CorsPolicy
from config_schemas.policies.header import HeaderPolicy
from config_schemas.policies.policy import Policy
from config_schemas.policies.stream import StreamPolicy
from config_schemas.policies.timeout import TimeoutPolicy
from config_schemas.policies.validation import ValidationPolicy
from config_schemas.routing.catalog_entry import CatalogEntry
from config_schemas.routing.gateway import Gateway
from config_schemas.routing.model import ModelResource
from config_schemas.routing.provider import Provider
from config_schemas.routing.route import Route
from config_schemas.routing.service import Service

# In the order in which they can be created one by one: what is referred to comes first.
KINDS: Mapping[str, type[Resource]] = {
    kind.KIND: kind
    for kind in (
        Tenant,
        Secret,
        Gateway,
        Team,
        Service,
        Provider,
        CatalogEntry,
        ModelResource,
        Application,
        Credential,
        Route,
        TimeoutPolicy,
        HeaderPolicy,
        AddressPolicy,
        CorsPolicy,
        ValidationPolicy,
        StreamPolicy,
    )
}
PLURALS: Mapping[str, type[Resource]] = {kind.PLURAL: kind for kind in KINDS.values()}
POLICY_KINDS: Mapping[str, type[Policy]] = {name: kind for name, kind in KINDS.items() if issubclass(kind, Policy)}
