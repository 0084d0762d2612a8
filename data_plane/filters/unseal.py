"""Gives the provider its own ids of what a request refers to, and sends it to no other."""

from data_plane.codecs.kept_ids import HiddenReference, unsealed
from data_plane.errors import BadRequest, ObjectNotFound
from data_plane.exchange import Exchange
from data_plane.identity.keepers import Keepers
from data_plane.pipeline.filter import BodyMode, Filter

# Where ids of the API's own files may stand in what is no file: a tool's argument may be called `file_id` too.
OF_FILES = ("file-", "file_", "assistant-")


class UnsealFilter(Filter):
    """In plans of requests for models."""

    body_mode = BodyMode.HEAD

    def __init__(self, keepers: Keepers) -> None:
        self._keepers = keepers

    def on_request(self, exchange: Exchange) -> None:
        def opened(name: str, text: str) -> str:
            if name != "previous_response_id" and "isthmus1_" not in text:
                if text.startswith(OF_FILES):
                    raise ObjectNotFound(f"`{name}` must be an id that the gateway has answered with")
                return text
            keeper, id = self._keepers.open(exchange, text)
            if exchange.pinned not in ("", keeper.name):
                raise BadRequest("the request refers to what several providers keep; no one of them can serve it")
            exchange.pinned = keeper.name
            return id

        try:
            exchange.request.body = unsealed(exchange.request.body, opened)
        except HiddenReference:
            raise BadRequest("write the names of fields without escapes") from None
