"""What is made of a Route: what it matches, who may call, and where requests go."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from data_plane.codecs.model_list import ModelEntry
from data_plane.config import structs
from data_plane.config.id_keys import find_sealer
from data_plane.config.rejection import Rejected
from data_plane.config.state import Build
from data_plane.config.units import CompiledModel, CompiledProvider, CompiledService, Labels, labels_of, owner_of
from data_plane.filters.authenticate import Admittance
from data_plane.providers.sealed_id import IdSealer

ANY_SEGMENT = re.compile(r"\{[A-Za-z0-9_.-]+\}")


@dataclass(frozen=True, slots=True)
class CompiledMatch:
    """Conditions that must all hold. Of a template, `segments` has None where any one matches."""

    type: str
    path: bytes
    segments: tuple[bytes | None, ...] = ()
    methods: frozenset[bytes] = frozenset()
    headers: tuple[tuple[bytes, bytes], ...] = ()
    query: tuple[bytes, ...] = ()  # fields as they stand in a query
    implies_head: bool = False  # `HEAD` is taken beside `GET`, though not named

    @property
    def conditions(self) -> tuple[object, ...]:
        """Orders the matches of one route that are equally specific."""
        return self.path, self.headers, self.query, tuple(sorted(self.methods))

    @property
    def condition_count(self) -> int:
        return len(self.headers) + len(self.query) + bool(self.methods)


@dataclass(frozen=True, slots=True)
class CompiledRoute:
    """One of `models`, by the names that clients may write, `service`, `provider`, `redirect` and `respond`.

    `problem`: why it cannot be served.
    """

    path: str
    tenant: str
    name: str
    labels: Labels
    hosts: tuple[bytes, ...]
    matches: tuple[CompiledMatch, ...]
    admittance: Admittance
    apis: frozenset[str] = frozenset()
    models: dict[str, CompiledModel] | None = field(default=None, hash=False)
    service: CompiledService | None = None
    problem: str = ""
    rewrite: structs.Rewrite | None = None
    redirect: structs.Redirect | None = None
    respond: structs.StaticAnswer | None = None
    upgrades: tuple[structs.Upgrade, ...] = ()
    cuts_answers: bool = False  # of who may no longer have them
    provider: CompiledProvider | None = None
    sealer: IdSealer | None = None  # of ids of what the models' providers keep
    is_lossy: bool = False  # translations may leave out what has no equivalent
    shows_cost: bool = False  # to clients, in a header

    @property
    def full_name(self) -> str:
        return f"{self.tenant}/{self.name}"

    @property
    def depends_on_match(self) -> bool:
        """Whether it matters to plans which of several matches holds."""
        changes = (self.rewrite, self.redirect)
        changes_path = any(each is not None and each.path is not None for each in changes)
        return len(self.matches) > 1 and (changes_path or self.provider is not None)


def make_route(build: Build, path: str, gateway: str) -> CompiledRoute | None:
    """None: the route is for other gateways."""
    route = build.resource(path)
    if not isinstance(route, structs.Route):
        raise TypeError("a Route was expected")
    metadata, spec = route.metadata, route.spec
    if spec.gateway_refs and all(each.name != gateway for each in spec.gateway_refs):
        return None
    authentication = spec.authentication
    admittance = Admittance(
        metadata.tenant,
        metadata.name,
        takes_keys="ApiKey" in authentication.methods,
        takes_anonymous="Anonymous" in authentication.methods,
        takes_query_key=authentication.key_in_query == "Allow",
    )
    models, service, provider, problem = None, None, None, ""
    if spec.models is not None:
        models = _models(build, spec.models, metadata.tenant)
    elif spec.service_ref is not None:
        owner = owner_of(spec.service_ref, metadata.tenant)
        found = build.unit(f"{owner}/Service/{spec.service_ref.name}")
        service = found if isinstance(found, CompiledService) else None
        problem = "" if service is not None else f"the service '{spec.service_ref.name}' is not served yet"
    elif spec.provider_ref is not None:
        owner = owner_of(spec.provider_ref, metadata.tenant)
        made = build.unit(f"{owner}/Provider/{spec.provider_ref.name}")
        provider = made if isinstance(made, CompiledProvider) else None
        problem = "" if provider is not None else f"the provider '{spec.provider_ref.name}' is not served yet"
    return CompiledRoute(
        path,
        metadata.tenant,
        metadata.name,
        labels_of(metadata),
        tuple(name.encode() for name in spec.hostnames),
        tuple(_match(each) for each in spec.matches),
        admittance,
        frozenset(api.lower() for api in spec.models.client_apis) if spec.models is not None else frozenset(),
        models,
        service,
        problem,
        spec.rewrite,
        spec.redirect,
        spec.respond,
        spec.upgrades,
        spec.on_revocation == "Cut",
        provider,
        find_sealer(build, gateway) if models is not None else None,
        spec.models is not None and spec.models.lossy == "Allow",
        spec.models is not None and spec.models.cost_header == "Show",
    )


def _models(build: Build, targets: structs.ModelTargets, tenant: str) -> dict[str, CompiledModel]:
    """By each name that clients may write. A real name goes before aliases, what is named before what is selected."""
    models = list(_referred(build, targets, tenant))
    if targets.match_labels is not None:
        models += _selected(build, targets.match_labels, tenant)
    by_name: dict[str, CompiledModel] = {}
    for model in models:
        by_name.setdefault(model.client_names[0], model)
    for model in models:
        for alias in model.client_names[1:]:
            by_name.setdefault(alias, model)
    return by_name


def _referred(build: Build, targets: structs.ModelTargets, tenant: str) -> Iterator[CompiledModel]:
    for reference in targets.refs:
        path = f"{owner_of(reference, tenant)}/Model/{reference.name}"
        model = build.unit(path)
        if isinstance(model, CompiledModel):
            yield model
        else:
            name = reference.name
            problem = f"the model '{name}' is not served yet"
            yield CompiledModel(path, tenant, name, (), (name,), ModelEntry(name, tenant), (), None, problem)


def _selected(build: Build, labels: dict[str, str], tenant: str) -> Iterator[CompiledModel]:
    for path in build.paths(tenant, "Model"):
        model = build.unit(path)
        if isinstance(model, CompiledModel) and labels.items() <= dict(model.labels).items():
            yield model


def _match(match: structs.RouteMatch) -> CompiledMatch:
    path = match.path.value.encode()
    segments: tuple[bytes | None, ...] = ()
    if match.path.type == "Prefix":
        path = path.rstrip(b"/")
    elif match.path.type == "Template":
        segments = tuple(_segment(each) for each in match.path.value.split("/")[1:])
    if match.path.type != "Template" and (b"{" in path or b"}" in path):
        raise Rejected(f"`spec.matches.path`: '{match.path.value}' needs `type: Template` for its braces")
    implies_head = "GET" in match.methods and "HEAD" not in match.methods  # RFC 9110 9.3.2
    return CompiledMatch(
        match.path.type,
        path,
        segments,
        frozenset(each.encode() for each in (*match.methods, *(("HEAD",) if implies_head else ()))),
        tuple(sorted((each.name.encode(), each.value.encode()) for each in match.headers)),
        tuple(sorted(f"{each.name}={each.value}".encode() for each in match.query)),
        implies_head,
    )


def _segment(text: str) -> bytes | None:
    if ANY_SEGMENT.fullmatch(text):
        return None
    if "{" in text or "}" in text:
        raise Rejected(f"`spec.matches.path`: '{text}' must be a whole segment in braces, as `{{id}}`")
    return text.encode()
