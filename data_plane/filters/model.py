"""Reads from a JSON body which model is asked for, and whether it streams."""

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import GEMINI
from data_plane.codecs.json_fields import decode_fields, flag_field, flag_inside, set_inside, text_field
from data_plane.errors import MethodNotAllowed, UnsupportedContent
from data_plane.exchange import Exchange
from data_plane.identity.model_choice import ModelChoice
from data_plane.pipeline.filter import BodyMode, Filter

TRUE = Raw(b"true")
DEFAULT_MODELS = {"moderations": "omni-moderation-latest"}  # where the API lets a client leave the model out
FORMS_ONLY = frozenset(("transcriptions", "translations", "image_variations"))  # what the API takes as a form only
STREAMING_OPERATIONS = frozenset(("chat", "completions"))  # of OpenAI's, where usage comes only if asked for


class ModelFilter(Filter):
    """Stands after authentication: parsing is work that a stranger may not cause. The body goes upstream as it was read
    here, field by field: what the policy read is what the upstream reads.
    """

    body_mode = BodyMode.HEAD

    def __init__(self, choice: ModelChoice) -> None:
        self._choice = choice

    def on_request(self, exchange: Exchange) -> None:
        if exchange.request.method != b"POST":
            raise MethodNotAllowed("this is asked for with POST", allowed=("POST", "OPTIONS"))
        if exchange.operation in FORMS_ONLY:
            raise UnsupportedContent("this is asked for with `content-type: multipart/form-data`")
        fields = exchange.fields = decode_fields(exchange.request.body)
        named_by_path = exchange.model_requested  # set from the path where an API names the model there
        asked = named_by_path or text_field(fields, "model") or DEFAULT_MODELS.get(exchange.operation)
        self._choice.choose(exchange, asked)
        if exchange.api != GEMINI:
            exchange.stream = flag_field(fields, "stream")
            if exchange.operation == "speech":
                exchange.stream = text_field(fields, "stream_format") == "sse"
            if named_by_path:
                fields["model"] = Raw(msgspec.json.encode(asked))  # Azure's clients leave it out
        if exchange.stream and exchange.operation in STREAMING_OPERATIONS:
            _ask_for_usage(exchange, fields)


def _ask_for_usage(exchange: Exchange, fields: dict[str, Raw]) -> None:
    """Without this, a stream tells no usage. The client, which did not ask, does not get to see it."""
    if not flag_inside(fields, "stream_options", "include_usage"):
        set_inside(fields, "stream_options", "include_usage", TRUE)
        exchange.adds_usage = True
