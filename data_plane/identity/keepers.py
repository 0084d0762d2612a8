"""Who keeps what a route's callers may refer to: the providers of the models that they may use."""

from collections.abc import Mapping
from dataclasses import dataclass

from data_plane.errors import BadRequest, ModelNotFound, ObjectNotFound
from data_plane.exchange import Exchange
from data_plane.providers.sealed_id import IdSealer, Kept

MAX_NAME_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class Keeper:
    """One provider. `models`: of those that it serves, the Model's name and the provider's, by each name of clients."""

    name: str  # `<tenant>/<name>`
    calls: frozenset[tuple[str, str]]  # which it takes, by API and operation
    models: Mapping[str, tuple[str, str]]


class Keepers:
    """A route's, for one tenant."""

    def __init__(self, tenant: str, sealer: IdSealer, keepers: tuple[Keeper, ...]) -> None:
        self._tenant = tenant
        self._sealer = sealer
        self._keepers = {each.name: each for each in keepers}

    def open(self, exchange: Exchange, text: str) -> tuple[Keeper, str]:
        """Who keeps it, and under which id.

        Raises:
            ObjectNotFound: it is another tenant's, or nobody's, or kept where the caller has no model.
        """
        kept = self._sealer.open(self._tenant, text)
        keeper = self._keepers.get(kept.provider) if kept is not None else None
        if kept is None or keeper is None or not self._is_allowed(exchange, keeper):
            raise ObjectNotFound(f"nothing is kept here under the id '{text[:MAX_NAME_CHARACTERS]}'")
        return keeper, kept.id

    def get(self, provider: str) -> Keeper:
        return self._keepers[provider]

    def seal(self, provider: str, id: str) -> str:
        return self._sealer.seal(self._tenant, Kept(provider, id))

    def takes(self, provider: str, call: tuple[str, str]) -> bool:
        """Whether a provider takes a call."""
        keeper = self._keepers.get(provider)
        return keeper is not None and call in keeper.calls

    def owns(self, keeper: Keeper) -> bool:
        """Whether the account is the tenant's alone: then all that is kept there is."""
        return keeper.name.partition("/")[0] == self._tenant

    def choose(self, exchange: Exchange, model: str) -> Keeper:
        """Who is to keep what has no id yet. `model`: the one that the client has named, if it has.

        Raises:
            BadRequest: there are several, and no model says which.
            ModelNotFound: the caller has no such model here.
        """
        call = (exchange.api, exchange.operation)
        found = [each for each in self._keepers.values() if call in each.calls and self._is_allowed(exchange, each)]
        if model:
            found = [each for each in found if self.name_of(exchange, each, model) is not None]
        if not found:
            if model:
                raise ModelNotFound(f"there is no model '{model[:MAX_NAME_CHARACTERS]}' here whose provider takes this")
            raise ObjectNotFound("no model here has a provider that takes this")
        if len(found) > 1:
            raise BadRequest("several providers could keep this: name one of their models, as in `?model=<name>`")
        return found[0]

    def name_of(self, exchange: Exchange, keeper: Keeper, model: str) -> str | None:
        """The provider's name for a model that the caller may use there."""
        name, theirs = keeper.models.get(model, ("", ""))
        allowed = exchange.identity.models if exchange.identity is not None else None
        return theirs if name and (allowed is None or name in allowed) else None

    def _is_allowed(self, exchange: Exchange, keeper: Keeper) -> bool:
        allowed = exchange.identity.models if exchange.identity is not None else None
        return allowed is None or any(name in allowed for name, _ in keeper.models.values())
