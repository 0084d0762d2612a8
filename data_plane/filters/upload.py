"""Finds where a file that is uploaded is to be kept, and seals the id that it gets."""

from data_plane.codecs.kept_ids import NAMES, sealed_answer
from data_plane.exchange import Exchange
from data_plane.identity.keepers import Keepers
from data_plane.identity.kept_request import kept_call, place_of
from data_plane.pipeline.filter import BodyMode, Filter, StreamTransform


class UploadFilter(Filter):
    """In the place of the one that reads a model. The file is streamed, unless a batch is to be made of it."""

    body_mode = BodyMode.FORM

    def __init__(self, keepers: Keepers) -> None:
        self._keepers = keepers

    def on_request(self, exchange: Exchange) -> None:
        kept_call(exchange)
        if exchange.form is None:
            raise RuntimeError("nobody has read the form")
        exchange.form.fix()
        exchange.provider = exchange.pinned = place_of(exchange, self._keepers, "").name

    def on_stream(self, exchange: Exchange) -> StreamTransform | None:
        return UploadSealing(exchange, self._keepers) if exchange.status == 200 else None


class UploadSealing:
    """Of one answer."""

    __slots__ = ("_keepers", "_provider")

    def __init__(self, exchange: Exchange, keepers: Keepers) -> None:
        self._keepers = keepers
        self._provider = exchange.provider

    def feed(self, events: list[bytes]) -> list[bytes]:
        return [sealed_answer(each, NAMES["files"], self._seal) for each in events]

    def close(self) -> list[bytes]:
        return []

    def _seal(self, id: str) -> str:
        return self._keepers.seal(self._provider, id)
