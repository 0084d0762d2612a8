"""The answer to a request that offers another protocol. Source: RFC 9110, section 7.8; RFC 6455, section 4.1."""

from collections.abc import Mapping

from httptools import HttpParserError, HttpParserUpgrade

from data_plane.codecs.websocket import WEBSOCKET, accept_of
from data_plane.errors import BadGateway
from data_plane.exchange import Response, UpgradeTerms
from data_plane.upstream.response_head import FieldNames, Fields
from data_plane.upstream.response_reader import ResponseReader

SWITCHING_PROTOCOLS = 101
ACCEPT, SUBPROTOCOL = b"sec-websocket-accept", b"sec-websocket-protocol"
SHOWN = frozenset((b"connection", b"content-length", ACCEPT, SUBPROTOCOL, b"transfer-encoding", b"upgrade"))


def check_switch(fields: Fields, protocol: bytes, accept: bytes, offered: bytes) -> None:
    """Whether a 101 is the one that was asked for. `fields`: of its head, those of `SHOWN`.

    `accept` and `offered`, the subprotocols, are those of a WebSocket.

    Raises:
        BadGateway: it is not; nobody knows what the upstream speaks now.
    """
    named: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        named.setdefault(name, []).append(value.strip(b" \t"))
    connection = [token.strip(b" \t") for value in named.get(b"connection", []) for token in value.lower().split(b",")]
    if [value.lower() for value in named.get(b"upgrade", [])] != [protocol] or b"upgrade" not in connection:
        raise BadGateway("the upstream switched to another protocol than it was asked for")
    if accept and named.get(ACCEPT) != [accept]:
        raise BadGateway("the upstream's answer is not that of a WebSocket server to this request")
    chosen = named.get(SUBPROTOCOL, [])
    if accept and chosen and (len(chosen) > 1 or chosen[0] not in [each.strip(b" \t") for each in offered.split(b",")]):
        raise BadGateway("the upstream chose a subprotocol that the client has not offered")
    if b"content-length" in named or b"transfer-encoding" in named:
        raise BadGateway("the upstream switched protocols with a body")


class SwitchReader(ResponseReader):
    """Reads one response to such a request, and no second: behind a 101 all that comes is of the other protocol."""

    __slots__ = ("_accept", "_offered", "_protocol", "_rest", "_shown", "_switched")

    def __init__(self, names: FieldNames, terms: UpgradeTerms, headers: Mapping[bytes, bytes]) -> None:
        super().__init__(names)
        self._protocol = terms.protocol
        self._accept = accept_of(headers[b"sec-websocket-key"]) if terms.protocol == WEBSOCKET else b""
        self._offered = headers.get(SUBPROTOCOL, b"")
        self._shown: Fields = []
        self._switched = False
        self._rest = 0  # where it begins in the read that has the end of the head

    def feed(self, data: bytes) -> bytes:
        if self._switched:
            return data
        body = super().feed(data)
        self.reusable = False
        return data[self._rest :] if self._switched else body

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._shown.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower in SHOWN:
            self._shown.append((lower, value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() != SWITCHING_PROTOCOLS:
            super().on_headers_complete()
            return
        if self._parser.get_http_version() != "1.1":
            raise BadGateway("the upstream switched protocols in HTTP/1.0")
        check_switch(self._shown, self._protocol, self._accept, self._offered)
        self.response = Response(SWITCHING_PROTOCOLS, self._relayed())
        self.head_done = self._switched = True
        self._spare += self._fed  # what is behind the head is none of it

    def on_message_complete(self) -> None:
        if not self._switched:
            super().on_message_complete()

    def _fault(self, error: HttpParserError | HttpParserUpgrade) -> None:
        if self._switched and isinstance(error, HttpParserUpgrade):
            self._rest = int(error.args[0])
        else:
            super()._fault(error)
