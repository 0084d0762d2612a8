"""Which providers of a route keep something for its callers, and the way to each."""

from msgspec import Raw

from data_plane.codecs.wire import WIRES
from data_plane.config.route_unit import CompiledRoute
from data_plane.identity.keepers import Keeper, Keepers
from data_plane.upstream.cluster import ModelVersion, Target


def find_keepers(route: CompiledRoute) -> Keepers | None:
    """None: there is no key for ids."""
    if route.sealer is None or route.models is None:
        return None
    models: dict[str, dict[str, tuple[str, str]]] = {}
    calls: dict[str, frozenset[tuple[str, str]]] = {}
    for written, model in route.models.items():
        for target in [each for version in model.versions for each in version.targets]:
            provider = target.provider
            models.setdefault(provider.name, {}).setdefault(written, (model.name, target.model))
            calls[provider.name] = frozenset(call for call, wire in WIRES.items() if wire in provider.surfaces)
    keepers = tuple(Keeper(name, calls[name], served) for name, served in models.items())
    return Keepers(route.tenant, route.sealer, keepers)


def version_of(route: CompiledRoute, provider: str) -> ModelVersion:
    """What a dispatcher sends to as it does to a model: the provider as it is, for what names no model."""
    for model in (route.models or {}).values():
        for target in [each for version in model.versions for each in version.targets]:
            if target.provider.name == provider:
                name = provider.partition("/")[2]
                return ModelVersion("", 1, (Target(name, "", Raw(b'""'), target.provider, target.cluster),))
    raise LookupError(provider)
