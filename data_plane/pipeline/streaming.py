"""What time does to a stream of a model: it begins though nothing has come, is kept alive, outlives its client."""

from data_plane.codecs.client_api import GEMINI
from data_plane.codecs.stream_form import stream_form_of
from data_plane.errors import GatewayError
from data_plane.exchange import Outcome, Response
from data_plane.pipeline.body import WHOLE
from data_plane.pipeline.content import is_event_stream
from data_plane.pipeline.delivery import REST, Delivery, at_once
from data_plane.pipeline.framing import encode_chunk
from data_plane.pipeline.refused import Refused

ARRAY_UNLESS = b"alt=sse"  # Gemini streams one JSON array to who does not ask for events
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
NOT_STORED = (b"cache-control", b"no-cache")


class Streaming(Delivery):
    """A delivery with a clock. It is looked at twice in the time that a stream may be silent, and then compared is how
    much has been sent: so a stream that flows costs nothing.
    """

    __slots__ = ()

    def on_response(self, response: Response, data: bytes, last: bool) -> None:
        if self._is_early:
            self._join(response, data, last)
        else:
            super().on_response(response, data, last)

    def on_failure(self, error: GatewayError) -> None:
        if self._outcome is Outcome.CLIENT_GONE:  # nobody is there to be told
            self.upstream = None
            self._complete(self._outcome)
            self._client.finished()
        else:
            super().on_failure(error)

    # The clock.

    def _first_look(self, expires: float) -> float:
        """When to look at a stream that is being sent for; `expires`: when the exchange has to be over."""
        exchange = self.exchange
        if exchange.api == REST:
            return expires
        self._expires = expires
        return self._next_look(exchange.started, 0.5)

    def _looks_at_stream(self) -> bool:
        """Whether it was the time to look, and no deadline."""
        now = self._now()
        if self._tunnel is not None or not now < self._expires or not self.exchange.stream:
            return False
        if not self._done:
            self._look(now)
        return True

    def _look(self, now: float) -> None:
        exchange, fraction = self.exchange, 0.5
        terms = exchange.stream_terms
        if not self._started:
            if terms.commit_after and now >= exchange.started + terms.commit_after:
                self._begin_early()
        elif terms.keep_alive and self._is_silent():
            self._send_event(stream_form_of(exchange.api, exchange.operation).keep_alive)
            fraction = 1.0
        if self._done:  # nobody is to be told of another deadline
            return
        self._seen_bytes = exchange.bytes_out
        self._client.set_deadline(self._next_look(now, fraction))

    def _next_look(self, now: float, fraction: float) -> float:
        """`fraction`: of the time that a stream may be silent."""
        exchange = self.exchange
        terms, at = exchange.stream_terms, self._expires
        if terms.keep_alive:
            at = min(at, now + terms.keep_alive * fraction)
        if terms.commit_after and not self._started:
            begins = exchange.started + terms.commit_after
            at = min(at, begins if begins > now else now + terms.commit_after)
        return at

    def _is_silent(self) -> bool:
        """Whether nothing has been sent since the last look, and something may be: no event is under way."""
        if self._client_is_full or self._held is not None or not self._sends_events:
            return False
        between = self._tail.endswith((b"\n\n", b"\n\r\n"))
        return between and self.exchange.bytes_out == self._seen_bytes

    def _send_event(self, event: bytes, head: bytes = b"") -> None:
        data = head + encode_chunk(event, False)
        self._started = True
        self.exchange.bytes_out += len(data)
        self._client.write(data)

    # A stream that begins without its upstream.

    def _begin_early(self) -> None:
        """With what has come of it, else with a sign of life. From now on a failure is the stream's last event."""
        exchange = self.exchange
        if self._uncommitted is None:
            if not self._may_begin() or not self._make_head():
                return
            self._is_early = True
        waiting = self._uncommitted
        if waiting is None or not self._sends_events:
            return
        self._uncommitted = None
        held = waiting.body
        if held:
            self._tail = b"\n\n" + held
        self._send_event(held or stream_form_of(exchange.api, exchange.operation).keep_alive, waiting.head)

    def _may_begin(self) -> bool:
        """Whether a head may be made up: it is known how the answer begins, and no hook waits with it."""
        request, phase = self.exchange.request, self._phase
        if self._plan.response_is_async or self._held is not None or self._body is not WHOLE:
            return False
        if request.is_http_1_0 or (phase is not None and phase.is_running):
            return False
        if self.exchange.api == GEMINI and ARRAY_UNLESS not in request.query:
            return False
        return stream_form_of(self.exchange.api, self.exchange.operation).ending is not None

    def _make_head(self) -> bool:
        """Through the hooks, as the upstream's would have gone, which then is not needed any more."""
        exchange = self.exchange
        response = Response(200, [EVENTS, NOT_STORED])
        try:
            for position, hook in self._plan.response:
                if position <= exchange.entered:
                    response = at_once(hook(exchange, response))
            self._begin(response)
        except Exception as error:  # noqa: BLE001 - _fail logs it
            self._fail(error)
            return False
        return True

    def _join(self, response: Response, data: bytes, last: bool) -> None:
        """The upstream's head, of which the client has no need any more."""
        if self._done:
            return
        exchange = self.exchange
        exchange.first_byte = self._now()
        if last:
            self.upstream = None
        if response.status == 200 and is_event_stream(response):  # what changes it may depend on who answers
            self._content = self._wanted_content(response) if self._plan.stream else None
        else:
            self._checks_end = False
            self._content = Refused(response.status, exchange.api, exchange.operation)
        self._relay(data, last)
