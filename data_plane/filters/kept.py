"""Finds what a request asks for by its sealed id, or where to keep it; seals the ids that are answered."""

import re
from urllib.parse import quote, unquote

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import ANTHROPIC, OPENAI, find_kept
from data_plane.codecs.json_fields import decode_fields, text_field
from data_plane.codecs.kept_ids import NAMES, HiddenReference, sealed_answer, sealed_event, unsealed
from data_plane.errors import BadRequest, NotFound
from data_plane.exchange import Exchange
from data_plane.identity.keepers import Keeper, Keepers
from data_plane.identity.kept_request import NO_IDS, change_query, kept_call, place_of, served
from data_plane.pipeline.filter import BodyMode, Filter, StreamTransform

# Anthropic's SDK asks this very address, relative to its base URL: an absolute one would get the caller's key.
RESULTS_URL = re.compile(rb'"results_url"\s*:\s*"[^"\\]*?([^"\\/]+)/results"')
RESULTS_PATH = b'"results_url":"/v1/messages/batches/%b/results"'
MAX_REQUESTS = 100_000  # of one batch; the API's own limit

_items = msgspec.json.Decoder(list[Raw]).decode
_object = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


class KeptFilter(Filter):
    """In the place of the one that reads a model; fixes the provider by which the rest of the plan is chosen."""

    body_mode = BodyMode.HEAD

    def __init__(self, keepers: Keepers) -> None:
        self._keepers = keepers

    def on_request(self, exchange: Exchange) -> None:
        call = kept_call(exchange)
        if call.id:
            keeper, id = self._keepers.open(exchange, unquote(call.id.decode("latin-1")))
            if (exchange.api, exchange.operation) not in keeper.calls:
                raise NotFound("the provider that keeps this has no such call")
            exchange.api_path = exchange.api_path.replace(call.id, quote(id, safe="").encode(), 1)
            change_query(exchange, keeper, self._keepers)
        else:
            keeper = self._keeper_of_file(exchange) or place_of(exchange, self._keepers, self._model_of_batch(exchange))
        exchange.provider = exchange.pinned = keeper.name
        exchange.stream = b"stream=true" in exchange.request.query.split(b"&")
        if exchange.request.body:
            self._change_body(exchange, keeper)

    def on_stream(self, exchange: Exchange) -> StreamTransform | None:
        if exchange.api_path.endswith(NO_IDS) or not exchange.provider:
            return None
        return KeptSealing(exchange, self._keepers)

    def _keeper_of_file(self, exchange: Exchange) -> Keeper | None:
        """OpenAI's batches name the file of their requests."""
        if exchange.api != OPENAI or exchange.operation != "batches" or exchange.request.method != b"POST":
            return None
        file = text_field(decode_fields(exchange.request.body), "input_file_id")
        if not file:
            raise BadRequest("`input_file_id` is missing")
        return self._keepers.open(exchange, file)[0]

    def _model_of_batch(self, exchange: Exchange) -> str:
        """Anthropic's batches name models in their requests."""
        if exchange.api != ANTHROPIC or exchange.operation != "batches" or exchange.request.method != b"POST":
            return ""
        requests = decode_fields(exchange.request.body).get("requests")
        try:
            first = _items(requests)[0] if requests is not None else Raw(b"{}")
            return text_field(_object(_object(first)["params"]), "model") or ""
        except (msgspec.DecodeError, IndexError, KeyError):
            raise BadRequest("`requests` must be an array of objects with `params`") from None

    def _change_body(self, exchange: Exchange, keeper: Keeper) -> None:
        def opened(name: str, text: str) -> str:
            found, id = self._keepers.open(exchange, text)
            if found is not keeper:
                raise BadRequest(f"`{name}` is kept by another provider")
            return id

        try:
            body = unsealed(exchange.request.body, opened)
        except HiddenReference:
            raise BadRequest("write the names of fields without escapes") from None
        fields = decode_fields(body)
        requests = fields.get("requests")
        if exchange.api == ANTHROPIC and requests is not None:
            fields["requests"] = self._reworded(exchange, keeper, requests)
            body = _encode(fields)
        exchange.request.body = body

    def _reworded(self, exchange: Exchange, keeper: Keeper, requests: Raw) -> Raw:
        """Requests with the provider's names for their models."""
        try:
            made, asked = [], _items(requests)
            if len(asked) > MAX_REQUESTS:
                raise BadRequest(f"a batch has at most {MAX_REQUESTS} requests")
            for each in asked:
                fields = _object(each)
                params = _object(fields["params"])
                params["model"] = Raw(_encode(served(exchange, keeper, self._keepers, text_field(params, "model"))))
                made.append(fields | {"params": Raw(_encode(params))})
        except (msgspec.DecodeError, KeyError):
            raise BadRequest("`requests` must be an array of objects with `params`") from None
        return Raw(_encode(made))


class KeptSealing:
    """Of one answer: ids as clients see them, in what the provider says of errors too."""

    __slots__ = ("_exchange", "_keepers", "_names")

    def __init__(self, exchange: Exchange, keepers: Keepers) -> None:
        self._exchange = exchange
        self._keepers = keepers
        self._names = NAMES[exchange.operation]

    def feed(self, events: list[bytes]) -> list[bytes]:
        return [self._sealed(each) for each in events]

    def close(self) -> list[bytes]:
        return []

    def _sealed(self, event: bytes) -> bytes:
        exchange = self._exchange
        if exchange.status >= 400:
            return self._without_raw_id(event)
        if event.lstrip()[:1] != b"{":
            return sealed_event(event, self._names, self._seal)
        if exchange.api == ANTHROPIC and exchange.operation == "batches":
            event = RESULTS_URL.sub(lambda url: RESULTS_PATH % self._seal(url[1].decode("latin-1")).encode(), event)
        return sealed_answer(event, self._names, self._seal)

    def _without_raw_id(self, body: bytes) -> bytes:
        call = find_kept(self._exchange.api, self._exchange.api_path)
        if call is None or not call.id:
            return body
        raw = unquote(call.id.decode("latin-1"))
        return body.replace(raw.encode(), self._seal(raw).encode())

    def _seal(self, id: str) -> str:
        return self._keepers.seal(self._exchange.provider, id)
