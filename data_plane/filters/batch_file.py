"""Gives the models that a file for a batch asks the names that its provider has for them."""

from data_plane.codecs.batch_file import reworded
from data_plane.errors import BadRequest
from data_plane.exchange import Exchange
from data_plane.identity.keepers import Keepers
from data_plane.identity.kept_request import served
from data_plane.pipeline.filter import BodyMode, Filter


class BatchFileFilter(Filter):
    """In plans of uploads for batches. A batch asks only what its caller could ask one by one."""

    body_mode = BodyMode.HEAD

    def __init__(self, keepers: Keepers) -> None:
        self._keepers = keepers

    def on_request(self, exchange: Exchange) -> None:
        place = exchange.form.file_place() if exchange.form is not None else None
        if place is None:
            raise BadRequest("the form has no `file`")
        keeper = self._keepers.get(exchange.provider)
        body, (start, end) = exchange.request.body, place
        content = reworded(body[start:end], lambda model: served(exchange, keeper, self._keepers, model))
        exchange.request.body = body[:start] + content + body[end:]
