"""Has exchanges cut off that would not be let in any more."""

from data_plane.exchange import Exchange, Outcome, Response, Watch
from data_plane.pipeline.content import is_event_stream
from data_plane.pipeline.filter import Filter
from data_plane.pipeline.watch import Watched


class WatchFilter(Filter):
    """Of a route that takes up `protocols`: what may become a tunnel. `cuts_answers`: all that is asked on it."""

    def __init__(self, watched: Watched, protocols: frozenset[bytes], *, cuts_answers: bool) -> None:
        self._watched = watched
        self._protocols = protocols
        self._cuts_answers = cuts_answers

    def on_request(self, exchange: Exchange) -> None:
        request = exchange.request
        if self._cuts_answers or request.upgrade in self._protocols:
            exchange.watch = Watch(self._watched.add, request.query, self._cuts_answers)

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        if self._cuts_answers and is_event_stream(response):
            exchange.stream = True  # which is cut off with an event
        return response

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        if exchange.watch is not None:
            self._watched.remove(exchange)
