"""Receives a provider's answer in the provider's wire API, and hands it on in the client's."""

import logging
from collections.abc import Callable
from enum import Enum
from typing import Any

from data_plane.codecs.bedrock_head import usage_of_head
from data_plane.codecs.client_api import ANTHROPIC
from data_plane.codecs.codec import Cutter
from data_plane.codecs.failure_error import error_of
from data_plane.codecs.translation import Fallback, StreamTranslation, Translation, Wanted
from data_plane.errors import BadGateway, GatewayError, InternalError, InvalidUpstreamResponse
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.sides import Receiver, Upstream
from data_plane.providers.surface import Surface
from data_plane.upstream.reframing import ReframingCutter
from data_plane.usage import Usage

logger = logging.getLogger(__name__)

MAX_WHOLE_BYTES = 20 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024  # what is longer tells no more
JSON = b"application/json"
EVENTS = b"text/event-stream"
REQUEST_IDS = frozenset((b"x-request-id", b"request-id", b"x-amzn-requestid", b"apim-request-id"))


class Form(Enum):
    """What the provider answers with."""

    ANSWER = "answer"
    STREAM = "stream"
    ERROR = "error"


class TranslatedMeter:
    """Of an answer that is decoded anyway. Implements `Meter`."""

    __slots__ = ("found", "stream")

    def __init__(self) -> None:
        self.found: Usage | None = None
        self.stream: StreamTranslation | None = None

    def feed(self, data: bytes) -> None:
        """Bytes in the client's words, of which nothing is to be learnt."""

    def fault(self) -> GatewayError | None:
        """Whoever translates a stream knows its end."""
        return None

    def usage(self) -> Usage | None:
        return self.stream.usage if self.stream is not None else self.found

    def is_final(self) -> bool:
        return self.found is not None or (self.stream is not None and self.stream.is_whole)

    def output_bytes(self) -> int:
        return self.stream.text_bytes if self.stream is not None else 0

    def output_text(self) -> str:
        return "".join(self.stream.text) if self.stream is not None else ""


class Answering:
    """How an answer is translated: what follows from the target, and `request`, the canonical one."""

    __slots__ = ("request", "surface", "translation", "wanted")

    def __init__(self, translation: Translation, request: Any, wanted: Wanted, surface: Surface) -> None:
        self.translation = translation
        self.request = request
        self.wanted = wanted
        self.surface = surface

    def cutter(self) -> Cutter:
        """What cuts the provider's stream into frames."""
        reframe, cutter = self.surface.reframe, self.surface.cutter()
        return cutter if reframe is None else ReframingCutter(reframe(), cutter)

    def error(self, response: Response, body: bytes) -> GatewayError:
        """What the client is told of the provider's."""
        headers = dict(response.headers)
        decode = self.surface.decode_failure
        if decode is not None:
            return error_of(decode(response.status, headers, body))
        return self.translation.failure(response.status, headers, body)


class Translating:
    """One attempt's. Implements `Receiver`; `inner` is the run, in whose place it stands.

    What the exchange has for relays is set aside, and given back by `step_aside` when another target is tried.
    """

    __slots__ = (
        "_adds_usage",
        "_answering",
        "_body",
        "_form",
        "_head",
        "_is_over",
        "_meter",
        "_now",
        "_relay_meter",
        "_size",
        "_stream",
        "exchange",
        "inner",
    )

    def __init__(self, inner: Receiver, answering: Answering, wall_clock: Callable[[], float]) -> None:
        exchange = self.exchange = inner.exchange
        self.inner = inner
        self._answering = answering
        self._now = wall_clock
        self._form = Form.ANSWER
        self._head: Response | None = None  # until it is handed on
        self._body: list[bytes] = []
        self._size = 0
        self._stream: StreamTranslation | None = None
        self._is_over = False
        self._adds_usage, exchange.adds_usage = exchange.adds_usage, False
        self._relay_meter = exchange.meter
        self._meter = exchange.meter = TranslatedMeter()

    @property
    def upstream(self) -> Upstream | None:
        return self.inner.upstream

    @upstream.setter
    def upstream(self, upstream: Upstream | None) -> None:
        self.inner.upstream = upstream

    def step_aside(self) -> Receiver:
        """The run; of this attempt nothing remains."""
        exchange = self.exchange
        exchange.adds_usage = self._adds_usage
        exchange.meter = self._relay_meter
        return self.inner

    def on_request_drained(self) -> None:
        self.inner.on_request_drained()

    def on_switch(self, response: Response, data: bytes) -> None:
        self._fail(BadGateway("the provider changes to another protocol, which nobody asked for"))

    def on_failure(self, error: GatewayError) -> None:
        if not self._is_over:
            self._is_over = True
            if self._stream is not None and self._stream.has_content:
                error.event = self._stream.event_of(error)
            self.inner.on_failure(error)

    def on_response(self, response: Response, data: bytes, last: bool) -> None:
        if response.status >= 400:
            self._form = Form.ERROR
        elif self.exchange.stream and not _is_json(response):
            self._form = Form.STREAM
        self._head = response
        if self._form is Form.STREAM:
            try:
                self._begin_stream()
            except Exception as error:  # noqa: BLE001 - _fail logs it
                self._fail(error)
        self.on_body(data, last)

    def on_body(self, data: bytes, last: bool) -> None:
        if self._is_over:
            return
        try:
            if self._stream is not None:
                self._translate(self._stream, data, last)
            else:
                self._keep(data, last)
        except Exception as error:  # noqa: BLE001 - _fail logs it
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Whatever is wrong with an answer ends the exchange."""
        if not isinstance(error, GatewayError):
            logger.error("an answer could not be translated request_id=%s", self.exchange.id, exc_info=error)
            error = InternalError()
        upstream = self.inner.upstream
        if upstream is not None:
            upstream.abort()
            self.inner.upstream = None
        self.on_failure(error)

    # A whole answer, or an error.

    def _keep(self, data: bytes, last: bool) -> None:
        self._size += len(data)
        if self._form is Form.ERROR:
            if self._size - len(data) < MAX_ERROR_BYTES:
                self._body.append(data)
            if last:
                self._tell_error(b"".join(self._body)[:MAX_ERROR_BYTES])
            return
        if self._size > MAX_WHOLE_BYTES:
            raise BadGateway(f"the provider's answer has more than {MAX_WHOLE_BYTES} bytes")
        self._body.append(data)
        if last:
            self._answer(b"".join(self._body))

    def _answer(self, body: bytes) -> None:
        response = self._take_head()
        if self.exchange.stream:
            raise InvalidUpstreamResponse("the provider does not stream its answer, which was asked for")
        translated, self._meter.found = self._answering.translation.answer(
            body, self._answering.request, self._fallback(usage_of_head(response.headers))
        )
        headers = [(b"content-type", JSON), *_request_id(response, self.exchange)]
        self._is_over = True
        self.inner.on_response(Response(response.status, headers, len(translated)), translated, True)

    def _tell_error(self, body: bytes) -> None:
        response = self._take_head()
        error = self._answering.error(response, body)
        error.headers = (*error.headers, *_request_id(response, self.exchange))
        self._fail(error)

    # A stream.

    def _begin_stream(self) -> None:
        answering = self._answering
        stream = answering.translation.stream(answering.request, self._fallback(), answering.cutter())
        self._stream = self._meter.stream = stream
        if not _wants_array(answering.request):
            self._open_stream(EVENTS, b"", False)

    def _open_stream(self, media_type: bytes, data: bytes, last: bool) -> None:
        """The head goes on at once, and waits there for the first event."""
        response = self._take_head()
        headers = [(b"content-type", media_type), *_request_id(response, self.exchange)]
        self.inner.on_response(Response(response.status, headers), data, last)

    def _translate(self, stream: StreamTranslation, data: bytes, last: bool) -> None:
        out = stream.feed(data) if data else b""
        if last and stream.error is None:
            out += stream.close()
        ends = last and stream.error is None
        if out or ends:
            self._is_over = ends
            if self._head is not None:
                self._open_stream(JSON, out, ends)
            else:
                self.inner.on_body(out, ends)
        if stream.error is not None:
            self._fail(stream.error)

    def _take_head(self) -> Response:
        response, self._head = self._head, None
        if response is None:
            raise RuntimeError("the head has been handed on")
        return response

    def _fallback(self, usage: Usage | None = None) -> Fallback:
        exchange = self.exchange
        wanted = self._answering.wanted
        return Fallback(exchange.id, wanted.model, int(self._now()), usage, wanted.account)


def _is_json(response: Response) -> bool:
    return any(name == b"content-type" and value.startswith(JSON) for name, value in response.headers)


def _wants_array(request: Any) -> bool:
    return bool(getattr(request, "wants_array", False))


def _request_id(response: Response, exchange: Exchange) -> list[tuple[bytes, bytes]]:
    """The provider's own id of the request, under the name that the client's SDK reads."""
    for name, value in response.headers:
        if name in REQUEST_IDS:
            return [(b"request-id" if exchange.api == ANTHROPIC else b"x-request-id", value)]
    return []
