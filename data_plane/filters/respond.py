"""Answers with a response that is always the same."""

from data_plane.exchange import Exchange, Response
from data_plane.pipeline.filter import Filter


class RespondFilter(Filter):
    def __init__(self, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes = b"") -> None:
        self._status = status
        self._headers = headers
        self._body = body

    def on_request(self, exchange: Exchange) -> Response:
        return Response(self._status, list(self._headers), len(self._body), self._body)  # hooks may change the list
