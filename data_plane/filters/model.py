"""Reads which model is asked for, and whether it streams; chooses among the models that route and caller offer."""

from collections.abc import Collection, Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import GEMINI
from data_plane.codecs.json_fields import decode_fields, flag_field, flag_inside, set_inside, text_field
from data_plane.codecs.usage_meter import find_meter
from data_plane.errors import BadRequest, MethodNotAllowed, ModelNotFound, NotProgrammed
from data_plane.exchange import Exchange
from data_plane.pipeline.filter import BodyMode, Filter

TRUE = Raw(b"true")
DEFAULT_MODELS = {"moderations": "omni-moderation-latest"}  # where the API lets a client leave the model out
MAX_NAME_CHARACTERS = 256
STREAMING_OPERATIONS = frozenset(("chat", "completions"))  # of OpenAI's, where usage comes only if asked for


class ModelFilter(Filter):
    """`models`: the Model's name by each name that clients may write; `problems`: why some of these are not served.

    Stands after authentication: parsing is work that a stranger may not cause. The body goes upstream as it was read
    here, field by field: what the policy read is what the upstream reads.
    """

    body_mode = BodyMode.HEAD

    def __init__(self, models: Mapping[str, str], problems: Mapping[str, str]) -> None:
        self._models = models
        self._problems = problems

    def on_request(self, exchange: Exchange) -> None:
        if exchange.request.method != b"POST":
            raise MethodNotAllowed("this is asked for with POST", allowed=("POST", "OPTIONS"))
        fields = exchange.fields = decode_fields(exchange.request.body)
        named_by_path = exchange.model_requested  # set from the path where an API names the model there
        asked = named_by_path or text_field(fields, "model") or DEFAULT_MODELS.get(exchange.operation)
        if not asked:
            raise BadRequest("`model` is missing")
        exchange.model_requested = asked[:MAX_NAME_CHARACTERS]
        exchange.model = self._choose(asked, exchange.identity.models if exchange.identity is not None else None)
        if exchange.api != GEMINI:
            exchange.stream = flag_field(fields, "stream")
            if named_by_path:
                fields["model"] = Raw(msgspec.json.encode(asked))  # Azure's clients leave it out
        exchange.meter = find_meter(exchange.api, exchange.operation)
        if exchange.stream and exchange.operation in STREAMING_OPERATIONS:
            _ask_for_usage(exchange, fields)

    def _choose(self, asked: str, allowed: Collection[str] | None) -> str:
        name = self._models.get(asked)
        if name is None or (allowed is not None and name not in allowed):
            raise ModelNotFound(f"there is no model '{asked[:MAX_NAME_CHARACTERS]}' here")
        problem = self._problems.get(asked)
        if problem is not None:
            raise NotProgrammed(problem)
        return name


def _ask_for_usage(exchange: Exchange, fields: dict[str, Raw]) -> None:
    """Without this, a stream tells no usage. The client, which did not ask, does not get to see it."""
    if not flag_inside(fields, "stream_options", "include_usage"):
        set_inside(fields, "stream_options", "include_usage", TRUE)
        exchange.adds_usage = True
