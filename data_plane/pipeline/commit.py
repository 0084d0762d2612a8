"""When a response begins for its client: a stream with its first content, what is changed with its first bytes."""

from data_plane.codecs.stream_form import DATA, StreamForm, has_content

MAX_BYTES = 64 * 1024  # of a stream that has no content yet: what opens it, and comments


class Uncommitted:
    """A head, and the body bytes before the first content: until they are sent, a failure is an ordinary error.

    `form`: of a stream of events; None: of anything else.
    """

    __slots__ = ("_form", "_looked_at", "body", "head")

    def __init__(self, head: bytes, form: StreamForm | None = None) -> None:
        self.head = head
        self.body = b""
        self._form = form
        self._looked_at = 0  # bytes of the body: whole events

    def feed(self, data: bytes, last: bool) -> bytes | None:
        """All of the body that may go out now, behind the head; None before the response has begun."""
        body = self.body + data
        if last or len(body) > MAX_BYTES or self._begins(body):
            return body
        self.body = body
        return None

    def _begins(self, body: bytes) -> bool:
        """Holding costs nobody time: to a client, an event without its blank line is not there yet."""
        form = self._form
        if form is None or form.opening is None:
            return DATA in body
        end = max(body.rfind(b"\n\n"), body.rfind(b"\n\r\n"))
        start = self._looked_at
        if end < start:
            return False
        self._looked_at = end + 1
        return has_content(body[start:end], form)
