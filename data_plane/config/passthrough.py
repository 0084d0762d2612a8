"""The way to all of a provider's own API."""

from msgspec import Raw

from data_plane.codecs.client_api import PREFIXES, Api
from data_plane.codecs.query_fields import without
from data_plane.config.route_unit import CompiledMatch
from data_plane.config.units import CompiledProvider
from data_plane.filters.passthrough import PassthroughFilter, SignedPassthroughFilter
from data_plane.providers.provider import Provider
from data_plane.providers.surface import Asked, Surface
from data_plane.upstream.cluster import ModelVersion, Target

NO_WIRE = ""  # of a call that no codec knows
SIGNED = frozenset(("Bedrock",))


def native_version(compiled: CompiledProvider) -> ModelVersion:
    """What a dispatcher sends to as it does to a model: one target, which takes any path."""
    provider = compiled.provider
    known = next(iter(provider.surfaces.values()), None)
    surface = Surface(
        _target,
        known.key_header if known is not None else "authorization",
        known.defaults if known is not None else (),
    )
    native = Provider(provider.name, provider.type, provider.base, {NO_WIRE: surface}, provider.credential)
    name = provider.name.partition("/")[2]
    return ModelVersion("", 1, (Target(name, "", Raw(b'""'), native, compiled.cluster),))


def native_filter(compiled: CompiledProvider, match: CompiledMatch) -> PassthroughFilter:
    """Of a route's entry plan."""
    kind = SignedPassthroughFilter if compiled.provider.type.name in SIGNED else PassthroughFilter
    return kind(len(match.path), spoken(compiled.provider))


def spoken(provider: Provider) -> frozenset[Api]:
    """The client APIs that a provider speaks itself."""
    words = {wire.partition("-")[0] for wire in provider.surfaces}
    return frozenset(api for api in PREFIXES.values() if api in words)


def _target(asked: Asked) -> bytes:
    """A key in the query is the caller's."""
    path = asked.path or b"/"
    query = without(asked.query, (b"key",)) if asked.query else b""
    return path + b"?" + query if query else path
