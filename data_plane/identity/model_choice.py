"""Which model a caller gets by the name that it writes: of those that its route offers and it may use."""

from collections.abc import Collection, Mapping

from data_plane.codecs.usage_meter import find_meter
from data_plane.errors import BadRequest, ModelNotFound, NotProgrammed
from data_plane.exchange import Exchange

MAX_NAME_CHARACTERS = 256


class ModelChoice:
    """`models`: the Model's name by each name that clients may write; `problems`: why some of these are not served."""

    def __init__(self, models: Mapping[str, str], problems: Mapping[str, str]) -> None:
        self._models = models
        self._problems = problems

    def choose(self, exchange: Exchange, asked: str | None) -> None:
        """Fix the model of an exchange.

        Raises:
            GatewayError: there is none of that name for this caller.
        """
        if not asked:
            raise BadRequest("`model` is missing")
        allowed = exchange.identity.models if exchange.identity is not None else None
        exchange.model_requested = asked[:MAX_NAME_CHARACTERS]
        exchange.model = self._choose(asked, allowed)
        exchange.meter = find_meter(exchange.api, exchange.operation)

    def _choose(self, asked: str, allowed: Collection[str] | None) -> str:
        name = self._models.get(asked)
        if name is None or (allowed is not None and name not in allowed):
            raise ModelNotFound(f"there is no model '{asked[:MAX_NAME_CHARACTERS]}' here")
        problem = self._problems.get(asked)
        if problem is not None:
            raise NotProgrammed(problem)
        return name
