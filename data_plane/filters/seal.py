"""Tells clients the ids of answers that their provider stores, as only their tenant can use them."""

from data_plane.codecs.json_fields import NULL, flag_field
from data_plane.codecs.kept_ids import NAMES, sealed_answer, sealed_event
from data_plane.exchange import Exchange
from data_plane.identity.keepers import Keepers
from data_plane.pipeline.filter import BodyMode, Filter, StreamTransform

# The operation by which an answer is asked for again, by the one that makes it.
STORED = {"responses": "stored_responses", "chat": "stored_chat"}


class SealFilter(Filter):
    """In plans of requests for models whose answers may be stored. `store` is as the API has it when left out."""

    body_mode = BodyMode.HEAD

    def __init__(self, keepers: Keepers) -> None:
        self._keepers = keepers

    def on_stream(self, exchange: Exchange) -> StreamTransform | None:
        operation, fields = exchange.operation, exchange.fields or {}
        stored = STORED.get(operation)
        if stored is None or exchange.status != 200:
            return None
        takes, provider, api = self._keepers.takes, exchange.provider, exchange.api
        if not (takes(provider, (api, operation)) and takes(provider, (api, stored))):
            return None  # it is translated: nobody stores it under the id that the client sees
        is_said = bytes(fields.get("store", NULL)) != NULL
        stores = flag_field(fields, "store") if is_said else operation == "responses"
        return Sealing(self._keepers, exchange.provider, NAMES[operation]) if stores else None


class Sealing:
    """Of one answer, or stream."""

    __slots__ = ("_keepers", "_names", "_provider")

    def __init__(self, keepers: Keepers, provider: str, names: tuple[str, ...]) -> None:
        self._keepers = keepers
        self._provider = provider
        self._names = names

    def feed(self, events: list[bytes]) -> list[bytes]:
        return [self._sealed(each) for each in events]

    def close(self) -> list[bytes]:
        return []

    def _sealed(self, event: bytes) -> bytes:
        if event[:1] == b"{" or event.lstrip()[:1] == b"{":
            return sealed_answer(event, self._names, self._seal)
        return sealed_event(event, self._names, self._seal)

    def _seal(self, id: str) -> str:
        return self._keepers.seal(self._provider, id)
