"""Answers clients that want tokens counted, where the model's provider cannot count."""

from collections.abc import Mapping
from typing import cast

from data_plane.codecs.client_api import Api, Call
from data_plane.codecs.table import UNARY
from data_plane.codecs.wire import COUNT, FAMILIES, WIRES
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.filter import BodyMode, Filter
from data_plane.token_counter import TokenCounter

ESTIMATE = (b"x-isthmus-warnings", b"estimated: tokens")
JSON = (b"content-type", b"application/json")


class CountTokensFilter(Filter):
    """`models`: by the name of a Model whose targets cannot count, what its provider calls it.

    Stands after the filter that reads which model is asked for.
    """

    body_mode = BodyMode.HEAD

    def __init__(self, models: Mapping[str, str], counter: TokenCounter) -> None:
        self._models = models
        self._counter = counter

    async def on_request(self, exchange: Exchange) -> Response | None:
        wire = WIRES.get((exchange.api, exchange.operation), "")
        model = self._models.get(exchange.model)
        if model is None or FAMILIES.get(wire) != COUNT:
            return None
        codec = UNARY[wire]
        api = cast(Api, exchange.api)  # only these have a wire API
        call = Call(api, exchange.operation, exchange.api_path, model=exchange.model_requested)
        asked = codec.decode_request(exchange.request.body, call)
        found = await self._counter.count(model, asked.content)
        body = codec.encode_response(found, asked)
        headers = [JSON, ESTIMATE] if found.is_estimate else [JSON]
        return Response(200, headers, len(body), body)
