"""A stream in a foreign framing, in that of its wire API: Anthropic's events out of Amazon's messages."""

from data_plane.codecs.codec import Cutter
from data_plane.codecs.failure_error import error_of
from data_plane.errors import GatewayError
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.sides import Receiver, Upstream
from data_plane.providers.surface import Reframer, Surface

MAX_ERROR_BYTES = 64 * 1024  # what is longer tells no more
EVENTS = (b"content-type", b"text/event-stream")


class ReframingCutter:
    """Cuts a reframed stream. Implements `Cutter`."""

    __slots__ = ("_cutter", "_reframer")

    def __init__(self, reframer: Reframer, cutter: Cutter) -> None:
        self._reframer = reframer
        self._cutter = cutter

    def feed(self, data: bytes) -> list[bytes]:
        return self._cutter.feed(self._reframer.feed(data))

    def close(self) -> list[bytes]:
        rest = self._reframer.close()
        return [*(self._cutter.feed(rest) if rest else ()), *self._cutter.close()]


class Reframing:
    """Relays an answer. Implements `Receiver`; `inner` is the run, in whose place it stands.

    An error that is not worded as the wire API's own is told in the gateway's words.
    """

    __slots__ = ("_error", "_head", "_is_over", "_reframer", "_surface", "exchange", "inner")

    def __init__(self, inner: Receiver, surface: Surface) -> None:
        self.exchange: Exchange = inner.exchange
        self.inner = inner
        self._surface = surface
        self._reframer: Reframer | None = None
        self._head: Response | None = None  # of an error
        self._error = b""
        self._is_over = False

    @property
    def upstream(self) -> Upstream | None:
        return self.inner.upstream

    @upstream.setter
    def upstream(self, upstream: Upstream | None) -> None:
        self.inner.upstream = upstream

    def step_aside(self) -> Receiver:
        """The run; of this attempt nothing remains."""
        return self.inner

    def on_request_drained(self) -> None:
        self.inner.on_request_drained()

    def on_switch(self, response: Response, data: bytes) -> None:
        self.inner.on_switch(response, data)

    def on_response(self, response: Response, data: bytes, last: bool) -> None:
        surface = self._surface
        if response.status >= 400 and surface.decode_failure is not None:
            self._head = response
            self.on_body(data, last)
        elif response.status == 200 and surface.reframe is not None and self.exchange.stream:
            self._reframer = surface.reframe()
            headers = [field for field in response.headers if field[0] != EVENTS[0]]
            reframed = Response(200, [*headers, EVENTS])
            try:
                self.inner.on_response(reframed, self._reframe(data, last), last)
            except GatewayError as error:
                self._fail(error)
        else:
            self.inner.on_response(response, data, last)

    def on_body(self, data: bytes, last: bool) -> None:
        if self._is_over:
            return
        if self._head is not None:
            self._error = (self._error + data)[:MAX_ERROR_BYTES]
            if last:
                self._tell(self._head)
        elif self._reframer is not None:
            try:
                self.inner.on_body(self._reframe(data, last), last)
            except GatewayError as error:
                self._fail(error)
        else:
            self.inner.on_body(data, last)

    def on_failure(self, error: GatewayError) -> None:
        if not self._is_over:
            self._is_over = True
            self.inner.on_failure(error)

    def _tell(self, head: Response) -> None:
        decode = self._surface.decode_failure
        if decode is not None:
            self.on_failure(error_of(decode(head.status, dict(head.headers), self._error)))

    def _reframe(self, data: bytes, last: bool) -> bytes:
        reframer = self._reframer
        if reframer is None:
            return data
        out = reframer.feed(data)
        return out + reframer.close() if last else out

    def _fail(self, error: GatewayError) -> None:
        upstream = self.inner.upstream
        if upstream is not None:
            upstream.abort()
            self.inner.upstream = None
        self.on_failure(error)
