"""What must hold for whatever an upstream answers: the rules of the fuzz test, in one place."""

from collections.abc import Sequence

from data_plane.errors import GatewayError
from data_plane.exchange import Exchange, Request, Response, Timeouts
from data_plane.pipeline.framing import CHUNKED, NO_BODY, encode_chunk, encode_head
from data_plane.upstream.response_reader import ResponseReader
from tests.conformance.oracle import Heard, Oracle
from tests.conformance.request_rules import Broken, without_space

NEVER_RELAYED = {b"keep-alive", b"upgrade", b"trailer", b"te", b"proxy-connection", b"proxy-authenticate"}


class ResponseRules:
    """Reads the same bytes in two ways, and writes for a client what was read."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self.accepted = 0
        self.refused = 0

    def check(self, pieces: Sequence[bytes], method: bytes, *, ends: bool) -> None:
        """`ends`: the upstream closes after them. Raises Broken."""
        try:
            read = self._read(pieces, method, ends=ends)
        except GatewayError as error:
            self.refused += 1
            if error.status != 502:
                raise Broken(f"refused with {error.status}") from None
            return
        if read is None:
            return
        self.accepted += 1
        response, mine = read
        theirs = self._oracle.responses(pieces, method, ends=ends)
        final = [each for each in theirs.heard if not each.start[0].startswith(b"1")]
        if not final:
            raise Broken(f"we read {mine}, aiohttp {theirs.refused or 'waits for more'}")
        if (mine.start, mine.body) != (final[0].start, final[0].body):
            raise Broken(f"we read {mine}, aiohttp {final[0]}")
        self._check_relayed(response, mine, method)

    def _read(self, pieces: Sequence[bytes], method: bytes, *, ends: bool) -> tuple[Response, Heard] | None:
        """The response, if it is whole."""
        reader = ResponseReader()
        reader.expect(method)
        response, body = None, b""
        for piece in pieces:
            if not reader.complete:  # what comes later costs the connection
                body += reader.feed(piece)
                response = response or reader.response
                reader.response = None
        if ends and not reader.complete:
            reader.feed_eof()
        if not reader.complete or response is None:
            return None
        return response, Heard((b"%d" % response.status,), dict(response.headers), body)

    def _check_relayed(self, response: Response, mine: Heard, method: bytes) -> None:
        exchange = Exchange(Request(method, b"/", b"", {}), "t/r", "rest", "", b"/", "id-1", 0.0, 1, Timeouts())
        head, framing = encode_head(exchange, response, persistent=True)
        if framing is NO_BODY:
            message = head
        else:
            message = head + (encode_chunk(mine.body, True) if framing is CHUNKED else mine.body)
        sent = self._oracle.responses([message], method)
        if sent.refused or sent.waits or len(sent.heard) != 1:
            raise Broken(f"what we relay is no one response: {message!r}: {sent}")
        (relayed,) = sent.heard
        if (relayed.start, relayed.body) != (mine.start, b"" if framing is NO_BODY else mine.body):
            raise Broken(f"we read {mine}, and relay {relayed}")
        if not NEVER_RELAYED.isdisjoint(relayed.fields):
            raise Broken(f"relayed: {NEVER_RELAYED & relayed.fields.keys()}")
        lost = [
            name
            for name, value in mine.fields.items()
            if without_space(value) not in without_space(relayed.fields[name])
        ]
        if lost:
            raise Broken(f"lost: {lost}")
