"""Where the gateway counts tokens itself: for models of which no provider counts, or is asked for a count here."""

from collections.abc import Iterable

from data_plane.codecs.wire import COUNT, FAMILIES, WIRES
from data_plane.errors import UnmappableApi
from data_plane.exchange import Exchange
from data_plane.filters.count_tokens import CountTokensFilter
from data_plane.token_counter import TokenCounter
from data_plane.upstream.cluster import ModelVersion, Target

COUNTING = frozenset(operation for (_, operation), wire in WIRES.items() if FAMILIES.get(wire) == COUNT)


def count_filters(
    versions: Iterable[ModelVersion], exchange: Exchange, counter: TokenCounter
) -> tuple[CountTokensFilter, ...]:
    """What answers in the upstream's place; nothing where a provider of the model can be asked."""
    targets = [target for version in versions for target in version.targets]
    if not targets or any(_counts(target, exchange) for target in targets):
        return ()
    return (CountTokensFilter({exchange.model: targets[0].model}, counter),)


def _counts(target: Target, exchange: Exchange) -> bool:
    try:
        target.provider.way(exchange.api, exchange.operation, target.model)
    except UnmappableApi:
        return False
    return True
