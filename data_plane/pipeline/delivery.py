"""Brings one exchange's response to its client, or the bytes of a tunnel. The one place that calls `on_complete`."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from data_plane.codecs import error_body
from data_plane.codecs.stream_form import next_number, stream_form_of
from data_plane.errors import BodyTooLarge, GatewayError, GatewayTimeout, InternalError
from data_plane.exchange import COMPLETED, Exchange, Outcome, Response
from data_plane.pipeline.body import BEGUN, HELD, SWITCHED, UNREAD, WHOLE
from data_plane.pipeline.commit import Uncommitted
from data_plane.pipeline.content import Content, is_event_stream
from data_plane.pipeline.framing import (
    CHUNKED,
    LENGTH,
    NO_BODY,
    TUNNEL,
    encode_chunk,
    encode_head,
    encode_switch,
    has_no_body,
    with_line,
)
from data_plane.pipeline.phase import Phase
from data_plane.pipeline.plan import Plan
from data_plane.pipeline.sides import Client, Upstream
from data_plane.pipeline.tunnel import TOO_MANY_BYTES, Tunnel, farewell

logger = logging.getLogger(__name__)

CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that left; recorded, never sent
SWITCHING_PROTOCOLS = 101
BLANK_LINE = b"\n\n"
REST = "rest"  # clients of a Service may wait for the head of a stream long before its first event


class Delivery:
    """The half of a run that faces its client. Ends once, by `_complete`, whoever comes first."""

    __slots__ = (
        "_body",
        "_checks_end",
        "_client",
        "_client_is_full",
        "_content",
        "_done",
        "_expires",
        "_failing",
        "_framing",
        "_held",
        "_is_early",
        "_now",
        "_outcome",
        "_phase",
        "_pieces",
        "_plan",
        "_seen_bytes",
        "_sends_events",
        "_started",
        "_tail",
        "_tunnel",
        "_uncommitted",
        "exchange",
        "upstream",
    )

    def __init__(self, exchange: Exchange, plan: Plan, client: Client, now: Callable[[], float]) -> None:
        self.exchange = exchange
        self.upstream: Upstream | None = None
        self._plan = plan
        self._client = client
        self._now = now
        self._outcome = COMPLETED
        self._done = False
        self._started = False  # whether bytes of the response have gone to the client
        self._client_is_full = False
        self._body = UNREAD if exchange.request.has_body else WHOLE
        self._pieces: list[bytes] = []  # of a request's body that is held and not yet whole
        self._phase: Phase | None = None  # the latest that waits, or did
        self._held: list[tuple[bytes, bool]] | None = None  # response bytes that wait for response hooks
        self._framing = LENGTH
        self._sends_events = False
        self._checks_end = False  # whether the meter knows a stream's end
        self._is_early = False  # whether a stream has begun without its upstream
        self._tail = BLANK_LINE  # what was sent last, of a body without a length: four bytes at least
        self._expires = 0.0  # when the exchange has to be over, where a stream is looked at before; else 0
        self._seen_bytes = 0  # sent until the latest look at a stream
        self._uncommitted: Uncommitted | None = None
        self._content: Content | None = None  # for a response that a transform changes
        self._failing = False  # whether the response is about a failure
        self._tunnel: Tunnel | None = None  # from when the client hears that the protocol changes

    # From the upstream side.

    def on_switch(self, response: Response, data: bytes) -> None:
        self._body = SWITCHED
        self.on_response(response, data, False)

    def on_response(self, response: Response, data: bytes, last: bool) -> None:
        if self._done:
            return
        exchange, plan = self.exchange, self._plan
        exchange.first_byte = self._now()
        if last:
            self.upstream = None  # it may already serve another run
        if plan.response_is_async:
            self._wait_for_response_hooks(response, data, last)
            return
        try:
            for position, hook in plan.response:
                if position <= exchange.entered:
                    response = at_once(hook(exchange, response))
            head = self._begin(response)
        except Exception as error:  # noqa: BLE001 - _fail logs it
            self._fail(error)
        else:
            self._relay(data, last, head)

    def on_body(self, data: bytes, last: bool) -> None:
        if last:
            self.upstream = None
        if self._held is not None:
            self._held.append((data, last))
        elif not self._done:
            self._relay(data, last)

    def on_failure(self, error: GatewayError) -> None:
        self.upstream = None
        if error.status >= 500:  # else the provider has answered, as translated: the client asks for too much
            timed_out = isinstance(error, GatewayTimeout)
            self._outcome = Outcome.TIMED_OUT if timed_out else Outcome.UPSTREAM_FAILED
        self._stop(partial(self._fail, error))

    # From the client side.

    def pause(self) -> None:
        """The client does not keep up: stop reading from the upstream."""
        self._client_is_full = True
        self._flow()

    def resume(self) -> None:
        self._client_is_full = False
        self._flow()

    def _stop(self, then: Callable[[], None]) -> None:
        """Do `then` once no hook is running any more: no filter may hear the end while it still begins."""
        if self._phase is None or not self._phase.is_running:
            then()
        else:
            self._phase.stop(then)

    # The response.

    def _answer(self, response: Response) -> None:
        """The gateway's own response: through the same hooks as one from upstream."""
        self.on_response(response, response.body, True)

    def _wait_for_response_hooks(self, response: Response, data: bytes, last: bool) -> None:
        self._held = [(data, last)]
        self._flow()
        self._phase = Phase(self.exchange, self._fail)
        self._phase.begin_response(self._plan.response, response, self._let_go)

    def _let_go(self, response: Response) -> None:
        """Send what waited for the response hooks."""
        held, self._held = self._held or [], None
        try:
            head = self._begin(response)
        except Exception as error:  # noqa: BLE001 - _fail logs it
            self._fail(error)
            return
        for data, last in held:
            self._relay(data, last, head)
            if self._done or self._held is not None:  # it failed, and what follows belongs to no response any more
                return
            head = b""
        self._flow()

    def _begin(self, response: Response) -> bytes:
        exchange, client = self.exchange, self._client
        exchange.status = response.status
        if self._body is not WHOLE:
            if self._body is SWITCHED and not self._failing:
                return self._open_tunnel(response)
            if not client.has_read_body:
                client.persistent = False  # what is left of the body would be read as the next request
        if self._plan.stream and not self._failing and not has_no_body(exchange, response):
            self._content = self._wanted_content(response)
        if self._plan.response:
            response.lines = None  # hooks may have changed what they were made of
        head, self._framing = encode_head(exchange, response, persistent=client.persistent)
        sends_events = exchange.stream and is_event_stream(response)
        if not sends_events and self._content is None:
            return head
        self._sends_events = sends_events and self._framing is CHUNKED
        if exchange.api == REST and self._content is None:
            return head
        self._checks_end = sends_events and exchange.meter is not None and response.status == 200
        form = stream_form_of(exchange.api, exchange.operation) if sends_events else None
        self._uncommitted = Uncommitted(head, form)
        return b""

    def _wanted_content(self, response: Response) -> Content | None:
        exchange = self.exchange
        transforms = [hook(exchange) for position, hook in self._plan.stream if position <= exchange.entered]
        return Content.wanted(response, [each for each in transforms if each is not None])

    def _relay(self, data: bytes, last: bool, head: bytes = b"") -> None:  # noqa: C901 - the hottest path: one call
        """One write for each read."""
        exchange = self.exchange
        fault: GatewayError | None = None
        try:
            if exchange.meter is not None and not self._failing:
                exchange.meter.feed(data)
                if last and self._checks_end:
                    fault = exchange.meter.fault()
                    last = fault is None
            if self._content is not None:
                data = self._content.feed(data, last)
        except Exception as error:  # noqa: BLE001 - _fail logs it
            self._fail(error)
            return
        if self._uncommitted is not None:
            committed = self._uncommitted.feed(data, last)
            if committed is None:
                if fault is not None:
                    self._fail(fault)
                return
            head, data, self._uncommitted = self._uncommitted.head, committed, None
        if last and head and exchange.cost_line is not None and not self._failing:
            head = with_line(head, exchange.cost_line())
        framing = self._framing
        if framing is not LENGTH:
            if framing is CHUNKED:
                self._tail = data if len(data) > 3 else self._tail[-3:] + data
                data = encode_chunk(data, last)
            elif framing is NO_BODY:
                data = b""
            elif framing is TUNNEL:
                self._pass_down(head, data, last)
                return
        data = head + data
        if data:
            self._started = True
            exchange.bytes_out += len(data)
            self._client.write(data)
        if last:
            self._complete(self._outcome)
            self._client.finished()
        elif fault is not None:
            self._fail(fault)

    # A tunnel.

    def _open_tunnel(self, response: Response) -> bytes:
        """The head that tells the client of the other protocol."""
        terms = self.exchange.upgrade
        if terms is None or response.status != SWITCHING_PROTOCOLS:
            raise RuntimeError("a hook has put another answer in the place of an upgrade")
        self._tunnel = Tunnel(terms, self._now())
        self._framing = TUNNEL
        self._client.persistent = False
        return encode_switch(self.exchange, response, terms.protocol)

    def _pass_down(self, head: bytes, data: bytes, last: bool) -> None:
        """To the client of a tunnel, which hears it behind the head."""
        exchange, client, tunnel = self.exchange, self._client, self._tunnel
        if tunnel is None or not tunnel.send(data):
            self._outcome = Outcome.REFUSED
            self._fail(BodyTooLarge(TOO_MANY_BYTES))
            return
        client.set_deadline(tunnel.deadline(self._now()))
        data = head + data
        if data:
            self._started = True
            exchange.bytes_out += len(data)
            client.write(data)
        if last:
            self._complete(self._outcome)
            client.finished()
        elif head:
            client.open_tunnel()

    def _close_tunnel(self, tunnel: Tunnel, code: int, reason: bytes) -> None:
        client = self._client
        data = tunnel.last_words(code, reason)
        if data:
            self.exchange.bytes_out += len(data)
            client.write(data)
        self._complete(self._outcome)
        client.finished()  # which reads on for a while: a reset could overtake the last words

    # The end.

    def _fail(self, error: Exception) -> None:
        """Tell the client, or cut the response short if it has begun."""
        self._abandon_upstream()
        if self._done:
            return
        exchange = self.exchange
        if self._body is HELD or self._body is BEGUN:
            self._body = UNREAD  # what comes of it while response hooks wait must not set the request going
        if self._outcome is COMPLETED:
            self._outcome = Outcome.UPSTREAM_FAILED
        if not isinstance(error, GatewayError):
            logger.error("exchange failed request_id=%s", exchange.id, exc_info=error)
            error = InternalError()
        exchange.error = error
        if self._started:
            self._cut_short(error)
            return
        self._content = self._uncommitted = self._held = None
        self._tunnel = None
        self._sends_events = False
        response = error_body.render(error, exchange.api)
        if self._plan.response and not self._failing:  # a filter may add to errors too, as CORS must
            self._failing = True
            self._answer(response)
            return
        self._failing = True
        self._relay(response.body, True, self._begin(response))

    def _cut_short(self, error: GatewayError) -> None:
        """The client has part of a response: an event stream says why it ends, and nothing ends as if it were whole."""
        exchange, tunnel = self.exchange, self._tunnel
        if tunnel is not None:
            self._close_tunnel(tunnel, *farewell(error))
            return
        if self._sends_events:
            # The blank line ends what the upstream may have begun of an event; where it had not, it means nothing.
            # What has been translated was whole events.
            event = error.event or BLANK_LINE + error_body.render_event(
                error, exchange.api, exchange.operation, next_number(self._tail)
            )
            data = encode_chunk(event, False)
            exchange.bytes_out += len(data)
            self._client.write(data)
            self._complete(self._outcome)
            self._client.cut_short()
            return
        self._complete(self._outcome)
        self._client.abort()

    def _complete(self, outcome: Outcome) -> None:
        if self._done:
            return
        self._done = True
        exchange = self.exchange
        exchange.ended = self._now()
        if outcome is Outcome.CLIENT_GONE:
            exchange.status = CLIENT_CLOSED_REQUEST
        if exchange.meter is not None:
            try:
                exchange.usage = exchange.meter.usage()
            except Exception:
                logger.exception("usage was not found request_id=%s", exchange.id)
        entered = exchange.entered
        for position, hook in self._plan.complete:
            if position <= entered:
                try:
                    hook(exchange, outcome)
                except Exception:
                    logger.exception("on_complete failed request_id=%s", exchange.id)

    def _abandon_upstream(self) -> None:
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abort()

    def _flow(self) -> None:
        """Read from the upstream only while what it sends can go on."""
        if self.upstream is None:
            return
        if self._client_is_full or self._held is not None:
            self.upstream.pause_reading()
        else:
            self.upstream.resume_reading()


def at_once(response: Response | Awaitable[Response | None]) -> Response:
    """What a hook that does not wait has returned."""
    if not isinstance(response, Response):
        raise TypeError("a hook that returns an awaitable must be `async def`")
    return response
