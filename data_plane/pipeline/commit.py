"""When a response begins for its client: a stream of events, or changed content, not before the first event."""

MAX_BYTES = 64 * 1024  # of a stream that has not had an event yet: comments, at most


class Uncommitted:
    """A head, and the body bytes before the first event: until they are sent, a failure is an ordinary error."""

    __slots__ = ("_body", "head")

    def __init__(self, head: bytes) -> None:
        self.head = head
        self._body = b""

    def feed(self, data: bytes, last: bool) -> bytes | None:
        """All of the body that may go out now, behind the head; None before the response has begun."""
        body = self._body + data
        if b"data:" in body or last or len(body) > MAX_BYTES:
            return body
        self._body = body
        return None
