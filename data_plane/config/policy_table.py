"""One revision's policies: which sets of them reach whom, and the filters that a set comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from config_schemas.base import PLATFORM_TENANT
from config_schemas.policies.merge import EMPTY_INDEX, Part, PolicyIndex, Reached, merge, reaching
from config_schemas.policies.policy import Merge
from config_schemas.registry import POLICY_KINDS
from data_plane.config import addressing, structs
from data_plane.config.route_unit import CompiledRoute
from data_plane.config.units import CompiledModel
from data_plane.exchange import StreamTerms, Timeouts
from data_plane.filters.address import AddressFilter
from data_plane.filters.cors import CorsRules
from data_plane.filters.header import HeaderChanges, HeaderFilter
from data_plane.filters.server_name import ServerNameFilter
from data_plane.filters.shadow import ShadowFilter
from data_plane.filters.stream import StreamFilter
from data_plane.filters.timeout import TimeoutFilter
from data_plane.filters.validation import ValidationFilter
from data_plane.identity.credential_table import Credential
from data_plane.identity.directory import ApplicationFacts
from data_plane.limits.per_address import ConnectionCaps, RequestRates
from data_plane.observability.address_refusals import AddressRefusals
from data_plane.observability.metrics import Metrics
from data_plane.pipeline.filter import Filter
from data_plane.validation.contract import Contract

SinglePolicy = structs.TimeoutPolicy | structs.StreamPolicy | structs.HeaderPolicy  # each is a filter of its own
PolicyStruct = SinglePolicy | structs.AddressPolicy | structs.CorsPolicy | structs.ValidationPolicy
MERGES: Mapping[str, Merge] = {kind: policy.MERGE for kind, policy in POLICY_KINDS.items()}
DEFAULT_TIMEOUTS = Timeouts()
CORS = "CorsPolicy"  # answers and refuses before anybody knows who calls: in entry plans
SAYS_NOTHING = structs.GatewaySpec()


@dataclass(frozen=True, slots=True)
class PolicySources:
    """What a table is made of: policies by path, their indexes by tenant, and the labels of what they may target.

    `labels`: by path, of Tenants, Teams and Gateways. `gateway_spec`: what the own Gateway says.
    """

    policies: Mapping[str, PolicyStruct]
    indexes: Mapping[str, PolicyIndex]
    labels: Mapping[str, Mapping[str, str]]
    gateway: str
    gateway_spec: structs.GatewaySpec = SAYS_NOTHING
    contracts: Mapping[str, Contract] = field(default_factory=dict, compare=False)  # of ValidationPolicies, by path


class PolicyTable:
    """Sets are interned: equal ones have one index, which plans are kept under. Set 0 is empty."""

    def __init__(self, sources: PolicySources, metrics: Metrics) -> None:
        self._sources = sources
        self._metrics = metrics
        self._refusals = AddressRefusals(metrics)
        self._sets: list[tuple[Reached, ...]] = [()]
        self._index_of: dict[tuple[Reached, ...], int] = {(): 0}
        self._has_sections: dict[str, bool] = {}  # by model: asked for on every request

    def set_of(self, credential: Credential, application: ApplicationFacts) -> int:
        """The index of the set that reaches a caller, through its credential, application and team."""
        tenant = application.tenant
        parts = [
            Part("Credential", tenant, credential.name, dict(credential.labels)),
            Part("Application", tenant, application.name, dict(application.labels)),
        ]
        if application.team:
            parts.append(Part("Team", tenant, application.team, self._labels(f"{tenant}/Team/{application.team}")))
        reached = reaching(self._sources.indexes, parts)
        index = self._index_of.get(reached)
        if index is None:
            index = self._index_of[reached] = len(self._sets)
            self._sets.append(reached)
        return index

    def has_sections(self, model: CompiledModel) -> bool:
        """Whether a policy targets single versions of the model: then its plans differ by version."""
        found = self._has_sections.get(model.path)
        if found is None:
            indexes, owners = self._sources.indexes, {model.tenant, PLATFORM_TENANT}
            found = any(indexes.get(each, EMPTY_INDEX).sections("Model", model.name) for each in owners)
            self._has_sections[model.path] = found
        return found

    def gateway_filters(self, rates: RequestRates) -> tuple[Filter, ...]:
        """Those of every plan."""
        spec = self._sources.gateway_spec
        clients = spec.tls.client_certificates if spec.tls is not None else None
        verifying = (ServerNameFilter(),) if clients is not None and clients.mode != "Off" else ()
        return (*verifying, *addressing.gateway_filters(spec, rates, self._refusals))

    def connection_caps(self) -> ConnectionCaps | None:
        """What the listener asks of connections."""
        return addressing.connection_caps(self._sources.gateway_spec)

    def entry_filters(self, route: CompiledRoute | None) -> list[Filter]:
        """What is in force before anybody knows who calls. None: no route takes the request."""
        reached = reaching(self._sources.indexes, self._entry_parts(route))
        return addressing.address_filters(reached, self._sources.policies, self._refusals, AddressFilter)

    def cors(self, route: CompiledRoute | None) -> CorsRules | None:
        """Which pages may call, whoever looks at them. None as route: no route takes the request."""
        parts = self._entry_parts(None) if route is None else self._parts(route, None, None)
        reached = [each for each in reaching(self._sources.indexes, parts) if each.policy.kind == CORS]
        for verdict in merge(reached, MERGES):
            policy = self._sources.policies[verdict.policy.path]
            if verdict.is_effective and isinstance(policy, structs.CorsPolicy):
                return _cors(policy.spec)
        return None

    def caller_addresses(self, route: CompiledRoute, caller_set: int) -> list[Filter]:
        """What of a caller's policies its address decides; all that counts for a list of models."""
        entered = {each.policy.path for each in reaching(self._sources.indexes, self._entry_parts(route))}
        reached = [each for each in self._sets[caller_set] if each.policy.path not in entered]
        return addressing.address_filters(reached, self._sources.policies, self._refusals)

    def filters(
        self, route: CompiledRoute, model: CompiledModel | None, version: str | None, caller_set: int
    ) -> list[Filter]:
        """What is in force for a caller on a route. `version`: of the model if there is one, else of the Service."""
        reached = {
            each.policy.path: each for each in reaching(self._sources.indexes, self._parts(route, model, version))
        }
        # A caller's parts are narrower than a route's, so what reaches through both reaches through the caller.
        reached |= {each.policy.path: each for each in self._sets[caller_set]}
        for each in reaching(self._sources.indexes, self._entry_parts(route)):
            if each.policy.kind == addressing.KIND:  # it has had its turn
                del reached[each.policy.path]
        in_order = [reached[path] for path in sorted(reached)]
        addresses = addressing.address_filters(in_order, self._sources.policies, self._refusals)
        verdicts = merge((each for each in in_order if each.policy.kind != addressing.KIND), MERGES)
        policies = [self._sources.policies[each.policy.path] for each in verdicts if each.is_effective]
        shadows = tuple(
            each.policy.path
            for each in verdicts
            if each.policy.is_shadow and each.lost_to is None and each.policy.path not in self._sources.contracts
        )
        singles = [_filter(policy) for policy in policies if isinstance(policy, SinglePolicy)]
        known = self._sources.contracts  # which judge in shadow, too
        contracts = [known[each.policy.path] for each in verdicts if each.policy.path in known]
        filters = [*addresses, *singles]
        if contracts:
            filters.append(ValidationFilter(contracts, self._metrics))
        return [ShadowFilter(shadows, self._metrics), *filters] if shadows else filters

    def _parts(self, route: CompiledRoute, model: CompiledModel | None, version: str | None) -> Iterable[Part]:
        if model is not None:
            yield Part("Model", model.tenant, model.name, dict(model.labels), version)
        if route.service is not None:
            service = route.service
            yield Part("Service", service.tenant, service.name, dict(service.labels), version)
        yield from self._entry_parts(route)

    def _entry_parts(self, route: CompiledRoute | None) -> Iterable[Part]:
        if route is not None:
            tenant = route.tenant
            yield Part("Route", tenant, route.name, dict(route.labels))
            yield Part("Tenant", tenant, tenant, self._labels(f"{PLATFORM_TENANT}/Tenant/{tenant}"))
        gateway = self._sources.gateway
        yield Part("Gateway", PLATFORM_TENANT, gateway, self._labels(f"{PLATFORM_TENANT}/Gateway/{gateway}"))

    def _labels(self, path: str) -> Mapping[str, str]:
        return self._sources.labels.get(path, {})


def _filter(policy: SinglePolicy) -> Filter:
    """The running form of a policy."""
    match policy:
        case structs.TimeoutPolicy():
            return TimeoutFilter(_timeouts(policy.spec))
        case structs.StreamPolicy():
            return StreamFilter(_stream_terms(policy.spec))
        case structs.HeaderPolicy():
            return HeaderFilter(_changes(policy.spec.request), _changes(policy.spec.response))
        case _:
            assert_never(policy)


def _timeouts(spec: structs.TimeoutPolicySpec) -> Timeouts:
    default = DEFAULT_TIMEOUTS
    return Timeouts(
        request=spec.request_seconds or default.request,
        connect=spec.connect_seconds or default.connect,
        first_byte=spec.first_byte_seconds or default.first_byte,
        idle=spec.idle_seconds or default.idle,
    )


def _stream_terms(spec: structs.StreamPolicySpec) -> StreamTerms:
    drain_seconds = spec.drain_seconds if spec.on_client_gone == "Drain" else 0
    return StreamTerms(spec.commit_after_seconds, spec.keep_alive_seconds, drain_seconds)


def _changes(changes: structs.HeaderChanges) -> HeaderChanges:
    set_fields, added_fields = ([(each.name, each.value) for each in part] for part in (changes.set, changes.add))
    return HeaderChanges.of(set_fields, changes.remove, added_fields)


def _cors(spec: structs.CorsPolicySpec) -> CorsRules:
    return CorsRules(
        spec.allow_origins,
        spec.allow_methods,
        spec.allow_headers,
        spec.expose_headers,
        spec.allow_credentials == "Allow",
        spec.allow_private_network == "Allow",
        spec.max_age_seconds,
    )
