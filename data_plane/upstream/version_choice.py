"""Which version of a model serves an exchange."""

from collections.abc import Callable
from typing import Protocol

from data_plane.exchange import Exchange
from data_plane.upstream.cluster import ModelVersion
from data_plane.upstream.weighted import Weighted


class Stickiness(Protocol):
    """By what an exchange stays with a version, as long as the weights stay."""

    @property
    def by(self) -> str:
        """`Application` or `Header`."""

    @property
    def header(self) -> str | None:
        """The header's name, in lower case."""


class VersionChoice:
    """By weight: by chance, or by what an exchange sticks by if it has it."""

    def __init__(
        self, versions: tuple[ModelVersion, ...], stickiness: Stickiness | None, random: Callable[[], float]
    ) -> None:
        self.versions = versions
        self._weighted = Weighted(versions, [version.weight for version in versions])
        self._by_name = {version.name: version for version in self._weighted.items}
        self._stickiness = stickiness
        self._random = random
        items = self._weighted.items
        self.only = items[0] if len(items) == 1 else None  # where there is nothing to choose

    def choose(self, exchange: Exchange) -> ModelVersion:
        """The version that the exchange has already been given, or one for it."""
        if self.only is not None:
            return self.only
        versions = self._weighted
        chosen = self._by_name.get(exchange.model_version)
        if chosen is not None:
            return chosen
        key = _key(self._stickiness, exchange) if self._stickiness is not None else None
        return versions.choose(self._random) if key is None else versions.choose_for(key, _name)


def _key(stickiness: Stickiness, exchange: Exchange) -> bytes | None:
    if stickiness.by == "Header":
        return exchange.request.headers.get((stickiness.header or "").encode()) or None
    identity = exchange.identity
    return (
        f"{identity.tenant}/{identity.application}".encode() if identity is not None and identity.application else None
    )


def _name(version: ModelVersion) -> str:
    return version.name
