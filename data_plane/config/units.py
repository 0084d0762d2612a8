"""What is made of each resource: the values that routing and plans work with.

What a resource refers to may be missing: a quarantined resource was never sent. Then it is served fail-closed, and
`problem` says why; only what a resource says itself makes it rejected.
"""

import ssl
from dataclasses import dataclass, replace
from typing import TypeVar

from msgspec import Raw
from msgspec.json import encode as to_json

from config_schemas.base import PLATFORM_TENANT
from data_plane.codecs.model_list import ModelEntry
from data_plane.config import structs
from data_plane.config.catalog_unit import Asked, facts_of
from data_plane.config.certificate import Certificate, CertificateError, TlsSettings, read_certificate
from data_plane.config.credential_unit import make_credential
from data_plane.config.decoding import seconds_of
from data_plane.config.rejection import Rejected
from data_plane.config.state import Build
from data_plane.config.upstream_tls import NotServed, client_key_pair, upstream_tls
from data_plane.identity.directory import ApplicationFacts
from data_plane.llm.traits import without
from data_plane.providers.base_url import BaseUrl
from data_plane.providers.provider import Provider
from data_plane.providers.surface import Place, ProviderType
from data_plane.providers.table import PROVIDER_TYPES
from data_plane.upstream.cluster import Cluster, Endpoint, KeyPair, ModelVersion, ServiceTarget, Target

Labels = tuple[tuple[str, str], ...]
Struct = TypeVar("Struct")


@dataclass(frozen=True, slots=True)
class CompiledProvider:
    """Who hosts models, and at which endpoint."""

    provider: Provider
    cluster: Cluster


@dataclass(frozen=True, slots=True)
class CompiledService:
    """An ordinary upstream. `targets`: where each version of its API is served that is not retired."""

    name: str
    tenant: str
    labels: Labels
    target: ServiceTarget
    versioning: structs.Versioning | None = None
    versions: tuple[structs.ServiceVersion, ...] = ()
    targets: tuple[tuple[str, ServiceTarget], ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """A model with the versions that can be served. `client_names` are the name that clients write, and aliases."""

    path: str
    tenant: str
    name: str
    labels: Labels
    client_names: tuple[str, ...]
    entry: ModelEntry
    versions: tuple[ModelVersion, ...]
    stickiness: structs.Stickiness | None
    problem: str = ""


def make_provider(build: Build, path: str) -> CompiledProvider | None:
    provider = _expect(build.resource(path), structs.Provider)
    spec, tenant = provider.spec, provider.metadata.tenant
    kind = PROVIDER_TYPES[spec.type]
    place = _place(kind, spec)
    try:
        base = BaseUrl.parse(spec.base_url or _public_url(kind, place))
    except ValueError as error:
        raise Rejected(f"`spec.baseUrl`: {error}") from None
    credential = make_credential(build, spec.auth, tenant, place)
    if credential is None:
        return None
    try:
        client = client_key_pair(build, spec.tls, tenant)
    except NotServed:
        return None
    tls = upstream_tls(spec.tls, base.host, client) if base.is_tls else None
    name = f"{tenant}/{provider.metadata.name}"
    cluster = Cluster(name, (Endpoint(base.host, base.port, tls),), (1,), True)
    return CompiledProvider(Provider(name, kind, base, kind.surfaces(place), credential), cluster)


def make_secret(build: Build, path: str) -> Certificate | None:
    """The certificate of a Secret that has one. A pair that does not fit is the Secret's own fault."""
    data = _expect(build.resource(path), structs.Secret).spec.data
    chain, key = data.get("tls.crt"), data.get("tls.key")
    if chain is None or key is None:
        return None
    try:
        return read_certificate(path, chain.encode(), key.encode())
    except CertificateError as error:
        raise Rejected(f"`spec.data`: `tls.crt` with `tls.key`: {error}") from None


def make_gateway(build: Build, path: str, own: str) -> TlsSettings | None:
    """What this replica's Gateway says of TLS. A Secret that is not served yet is left out."""
    gateway = _expect(build.resource(path), structs.Gateway)
    tls = gateway.spec.tls
    if gateway.metadata.name != own or tls is None:
        return None
    found = [build.unit(f"{PLATFORM_TENANT}/Secret/{each.name}") for each in tls.certificate_refs]
    clients = tls.client_certificates
    settings = TlsSettings(
        tuple(each for each in found if isinstance(each, Certificate)),
        tls.min_version,
        clients.mode if clients is not None else "Off",
        clients.ca_pem if clients is not None else "",
    )
    if settings.client_mode != "Off" and not _is_authority(settings.client_ca):
        raise Rejected("`spec.tls.clientCertificates.caPem` holds no certificate in PEM that can be read")
    return settings


def make_service(build: Build, path: str) -> CompiledService | None:
    service = _expect(build.resource(path), structs.Service)
    metadata, spec = service.metadata, service.spec
    name = f"{metadata.tenant}/{metadata.name}"
    if not any(each.weight for each in spec.endpoints):
        raise Rejected("at least one of `spec.endpoints` must have a weight above 0")
    try:
        client = client_key_pair(build, spec.tls, metadata.tenant)
    except NotServed:
        return None
    host = spec.host.encode() if spec.host is not None else None
    target = ServiceTarget(name, _cluster(name, spec, spec.endpoints, client), spec.base_path.encode(), host)
    targets = tuple(
        (version.name, _version_target(target, spec, version, client))
        for version in spec.versions
        if version.stage != "Retired"
    )
    labels = labels_of(metadata)
    return CompiledService(metadata.name, metadata.tenant, labels, target, spec.versioning, spec.versions, targets)


def make_model(build: Build, path: str) -> CompiledModel:
    model = _expect(build.resource(path), structs.ModelResource)
    metadata, spec = model.metadata, model.spec
    client_name = spec.model_name or metadata.name
    versions = tuple(
        ModelVersion(version.name, version.weight, targets)
        for version in spec.versions
        if (targets := _targets(build, version, metadata.tenant, client_name))
    )
    return CompiledModel(
        path,
        metadata.tenant,
        metadata.name,
        labels_of(metadata),
        (client_name, *spec.aliases),
        _entry(client_name, metadata, versions),
        versions,
        spec.stickiness,
        ""
        if any(version.weight for version in versions)
        else f"no provider of model '{client_name}' can be served yet",
    )


def _entry(name: str, metadata: structs.Metadata, versions: tuple[ModelVersion, ...]) -> ModelEntry:
    """What lists show, by the model's first target."""
    created = metadata.created_at or ""
    seconds = int(seconds_of(created)) if created else 0
    if not versions:
        return ModelEntry(name, metadata.tenant, created, seconds)
    target = versions[0].targets[0]
    traits = target.traits
    return ModelEntry(
        name, metadata.tenant, created, seconds, target.kind, traits.context_tokens, traits.max_output_tokens
    )


def make_application(build: Build, path: str) -> ApplicationFacts:
    application = _expect(build.resource(path), structs.Application)
    metadata, spec = application.metadata, application.spec
    team, problem = "", ""
    if spec.team_ref is not None:
        team = spec.team_ref.name
        if build.resource(f"{metadata.tenant}/Team/{team}") is None:
            problem = f"its team '{team}' is not served yet"  # whose policies nobody may pass without
    models, routes = spec.allowed_models, spec.allowed_routes
    return ApplicationFacts(
        metadata.tenant,
        metadata.name,
        team,
        labels_of(metadata),
        None if models is None else frozenset(models),
        None if routes is None else frozenset(routes),
        problem,
    )


def labels_of(metadata: structs.Metadata) -> Labels:
    return tuple(sorted(metadata.labels.items()))


def _cluster(
    name: str, spec: structs.ServiceSpec, endpoints: tuple[structs.ServiceEndpoint, ...], client: KeyPair | None
) -> Cluster:
    made = tuple(
        Endpoint(
            each.host.strip("[]"),
            each.port,
            upstream_tls(spec.tls, each.host.strip("[]"), client) if spec.protocol == "HTTPS" else None,
        )
        for each in endpoints
    )
    return Cluster(name, made, tuple(each.weight for each in endpoints), spec.retry_stale == "Any")


def _version_target(
    target: ServiceTarget, spec: structs.ServiceSpec, version: structs.ServiceVersion, client: KeyPair | None
) -> ServiceTarget:
    cluster, base_path = target.cluster, target.base_path
    if version.endpoints:
        cluster = _cluster(f"{target.name}/{version.name}", spec, version.endpoints, client)
    if version.base_path is not None:
        base_path = version.base_path.encode()
    return replace(target, cluster=cluster, base_path=base_path)


def _targets(build: Build, version: structs.Version, tenant: str, client_name: str) -> tuple[Target, ...]:
    """A version's targets, without those whose provider is not there or has no weight."""
    targets = []
    for each in version.targets:
        path = f"{owner_of(each.provider_ref, tenant)}/Provider/{each.provider_ref.name}"
        compiled = build.unit(path)
        if isinstance(compiled, CompiledProvider) and each.weight:
            model = each.model or client_name
            provider = compiled.provider
            facts = facts_of(build, Asked(provider.type.name, path, model, tenant))
            targets.append(
                Target(
                    f"{each.provider_ref.name}/{model}",
                    model,
                    Raw(to_json(model)),
                    provider,
                    compiled.cluster,
                    each.weight,
                    each.region,
                    without(facts.traits, provider.type.lacks),
                    facts.price,
                    facts.kind,
                )
            )
    return tuple(targets)


def _place(kind: ProviderType, spec: structs.ProviderSpec) -> Place:
    """What a type needs, it needs with a base URL of one's own too: paths and signatures name it."""
    place = Place(spec.region, spec.project, spec.api_version)
    missing = [name for name in kind.needs if not getattr(place, name)]
    if missing:
        raise Rejected(f"`spec.{missing[0]}` is required for `type: {kind.name}`")
    return place


def _public_url(kind: ProviderType, place: Place) -> str:
    if kind.base_url is None:
        raise Rejected(f"`spec.baseUrl` is required for `type: {kind.name}`")
    return kind.base_url(place)


def owner_of(reference: structs.Reference, tenant: str) -> str:
    """The tenant of what is referred to: the own one or the platform's.

    Raises:
        Rejected: another one's.
    """
    if reference.tenant not in (None, tenant, PLATFORM_TENANT):
        raise Rejected(f"'{reference.name}': `tenant` must be '{tenant}' or '{PLATFORM_TENANT}'")
    return reference.tenant or tenant


def _is_authority(pem: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _expect(resource: structs.Resource | None, kind: type[Struct]) -> Struct:
    if not isinstance(resource, kind):
        raise TypeError(f"a {kind.__name__} was expected")
    return resource
