"""Estimates what a call has used where its provider has not said, and learns from those that have."""

from typing import cast

from msgspec.structs import replace

from data_plane.codecs.client_api import Api, Call
from data_plane.codecs.request_text import request_text_bytes
from data_plane.codecs.stream_form import stream_form_of
from data_plane.codecs.table import CODECS
from data_plane.codecs.wire import WIRES
from data_plane.errors import GatewayError
from data_plane.exchange import COMPLETED, Exchange, Outcome
from data_plane.llm.request import GenerateRequest
from data_plane.llm.token_estimate import bytes_of, countable, exact
from data_plane.pipeline.filter import BodyMode, Filter
from data_plane.readers import Meter
from data_plane.token_counter import AT_ONCE_BYTES, TokenCounter
from data_plane.usage import Usage

UNSENT = "unsent"  # of an attempt that was given up before it had a connection
MAX_READ_BYTES = 32 * 1024  # of a request that is read to be counted: 8 KiB of text, and what is around it
ONE_IN = 64  # calls to learn from: it costs some 50 us
MAX_LEARNT_BYTES = 16 * 1024  # of a request


class SettleFilter(Filter):
    """Stands inside all that counts tokens or cost, and where the body is held anyway. `counter` is the worker's."""

    body_mode = BodyMode.HEAD

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._ratios = counter.ratios
        self._calls = 0

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        meter, usage = exchange.meter, exchange.usage
        if meter is None:
            return
        if outcome is COMPLETED and usage is not None:
            self._calls += 1
            if self._calls >= ONE_IN:
                self._calls = 0
                self._learn(exchange, meter, usage)
            return
        if not _was_served(exchange, outcome) or stream_form_of(exchange.api, exchange.operation).text is None:
            return
        if usage is None:
            self._estimate_all(exchange, meter)
        elif not meter.is_final():
            self._estimate_output(exchange, meter, usage)

    def _estimate_all(self, exchange: Exchange, meter: Meter) -> None:
        model = _model(exchange)
        exchange.usage = Usage(
            input_uncached=self._input_tokens(model, exchange), output=self._output_tokens(model, meter)
        )
        exchange.is_estimated = True

    def _estimate_output(self, exchange: Exchange, meter: Meter, told: Usage) -> None:
        """Some providers tell at once what they have read, and at the end what they have written."""
        written = self._output_tokens(_model(exchange), meter)
        missing = written - told.output - told.reasoning - told.output_audio
        if missing > 0:
            exchange.usage = replace(told, output=told.output + missing)
            exchange.is_estimated = True

    def _input_tokens(self, model: str, exchange: Exchange) -> int:
        request = _canonical(exchange)
        if request is not None:
            found = countable(request)
            tokens = self._counter.count_now(model, found.texts)
            if tokens is not None:
                return exact(found, tokens).tokens
        return self._ratios.estimate_input(model, _request_bytes(exchange))

    def _output_tokens(self, model: str, meter: Meter) -> int:
        """Exactly where all of the text is at hand, and short; of a longer one a part, and the rest in proportion."""
        written, text = meter.output_bytes(), meter.output_text()
        text = text[: AT_ONCE_BYTES if text.isascii() else AT_ONCE_BYTES // 4]  # a character has four bytes at most
        tokens = self._counter.count_now(model, (text,)) if text else None
        if tokens is None:
            return self._ratios.estimate_output(model, written)
        return round(tokens * max(1.0, written / bytes_of((text,))))

    def _learn(self, exchange: Exchange, meter: Meter, told: Usage) -> None:
        """From text alone: a thought that nobody sees, or media, would teach another ratio."""
        model = _model(exchange)
        read = told.input_uncached + told.cache_read + told.cache_write_5m + told.cache_write_1h
        if not told.input_audio and not told.input_image and len(exchange.request.body) <= MAX_LEARNT_BYTES:
            self._ratios.settle_input(model, _request_bytes(exchange), read)
        if not told.reasoning and not told.output_audio:
            self._ratios.settle_output(model, meter.output_bytes(), told.output)


def _canonical(exchange: Exchange) -> GenerateRequest | None:
    """What was asked, read for its texts; None where it cannot be."""
    if isinstance(exchange.canonical, GenerateRequest):
        return exchange.canonical
    codec = CODECS.get(WIRES.get((exchange.api, exchange.operation), ""))
    if codec is None or len(exchange.request.body) > MAX_READ_BYTES:
        return None
    call = Call(cast(Api, exchange.api), exchange.operation, exchange.api_path, model=exchange.model_requested)
    try:
        return codec.decode_request(exchange.request.body, call)
    except GatewayError:
        return None  # the provider knows more than we do


def _was_served(exchange: Exchange, outcome: Outcome) -> bool:
    """Whether a provider has worked for it: its answer had begun, or nobody has waited for it."""
    if not exchange.attempts:
        return False
    last = exchange.attempts[-1]
    return last.status == 200 or (not last.status and outcome is Outcome.CLIENT_GONE and last.reason != UNSENT)


def _model(exchange: Exchange) -> str:
    """The provider's name for it."""
    return exchange.target.partition("/")[2]


def _request_bytes(exchange: Exchange) -> int:
    fields = exchange.fields
    tools = None if fields is None else fields.get("tools")
    return request_text_bytes(exchange.request.body, 0 if tools is None else len(tools))
