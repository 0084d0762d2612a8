"""What an upstream answers that was to stream, when its client's stream has begun already."""

from data_plane.codecs.error_body import event_of
from data_plane.errors import BadGateway, GatewayError, InvalidUpstreamResponse
from data_plane.pipeline.content import Content, WholeBody

MAX_BYTES = 64 * 1024  # of an error: what is longer tells no more


class Refused(Content):
    """Nothing of it goes out but, as the stream's last event, what it says."""

    def __init__(self, status: int, api: str, operation: str) -> None:
        super().__init__(WholeBody(), ())
        self._status = status
        self._api = api
        self._operation = operation
        self._body = b""

    def feed(self, data: bytes, last: bool) -> bytes:
        """Raises:
        GatewayError: at the end.
        """
        self._body += data[: MAX_BYTES - len(self._body)]
        if last or len(self._body) >= MAX_BYTES:
            raise self._error()
        return b""

    def _error(self) -> GatewayError:
        if self._status < 400:
            return InvalidUpstreamResponse("the upstream does not stream its answer, which was asked for")
        error = BadGateway(f"the upstream answered with status {self._status} when the stream had begun")
        error.event = event_of(self._body, self._api, self._operation)
        return error
