"""Answers `GET /models` and `GET /models/{id}` with what the caller may use, in the client API's shape."""

from collections.abc import Mapping
from urllib.parse import unquote

from data_plane.codecs.model_list import ModelEntry, encode_list, encode_one
from data_plane.errors import MethodNotAllowed, ModelNotFound
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.filter import Filter

PREFIX = b"/models/"


class ModelsListFilter(Filter):
    """`models`: by the name that clients write, aliases too, the Model's name and its entry."""

    def __init__(self, models: Mapping[str, tuple[str, ModelEntry]]) -> None:
        self._models = dict(sorted(models.items()))

    def on_request(self, exchange: Exchange) -> Response:
        if exchange.request.method not in (b"GET", b"HEAD"):
            raise MethodNotAllowed("models are asked for with GET", allowed=("GET", "HEAD", "OPTIONS"))
        allowed = exchange.identity.models if exchange.identity is not None else None
        if exchange.operation == "models":
            entries = [
                entry
                for written, (name, entry) in self._models.items()
                if written == entry.name and (allowed is None or name in allowed)  # each once, not by its aliases
            ]
            return encode_list(exchange.api, entries)
        asked = unquote(exchange.api_path[len(PREFIX) :].decode("latin-1"))
        name, found = self._models.get(asked, ("", None))
        if found is None or (allowed is not None and name not in allowed):
            raise ModelNotFound(f"there is no model '{asked}' here")
        return encode_one(exchange.api, found)
