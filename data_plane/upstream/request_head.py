"""Request heads towards upstreams: which of the client's fields travel on. Source: RFC 9110, section 7.6.1."""

from data_plane.exchange import Exchange
from data_plane.upstream.connection import CHUNKED, LENGTH, WHOLE, BodyFraming

# Hop-by-hop, or set by us; a client's own credentials never travel on.
NOT_FORWARDED = frozenset(
    b"api-key authorization connection content-length expect host http2-settings keep-alive proxy-authorization "
    b"proxy-connection te trailer transfer-encoding upgrade x-api-key x-goog-api-key".split()
)
NOT_FORWARDED_TO_PROVIDERS = NOT_FORWARDED | {b"cookie"}  # a provider has no business with them
NONE: frozenset[bytes] = frozenset()
# Ours alone. Readers of CGI-like variables cannot tell `_` from `-`.
RESERVED_WORD = b"isthmus"
RESERVED = (b"x-isthmus-", b"x_isthmus_", b"x-isthmus_", b"x_isthmus-")
BODY_METHODS = frozenset((b"PATCH", b"POST", b"PUT"))  # for these no body means an empty one
COMMON_CONNECTION = frozenset((b"close", b"keep-alive", b"upgrade"))  # these name no field that would travel on


def framing_of(exchange: Exchange, *, streams_body: bool) -> BodyFraming:
    """How the body goes upstream."""
    if not streams_body:
        return WHOLE
    return CHUNKED if exchange.request.length is None else LENGTH


def forwarded_fields(exchange: Exchange, dropped: frozenset[bytes], ours: frozenset[bytes] = NONE) -> list[bytes]:
    """Lines of what the client sends on, without `dropped`, and of what policies set, without `ours`."""
    headers = exchange.request.headers
    named = headers.get(b"connection")
    if named is not None and named.lower() not in COMMON_CONNECTION:
        dropped = dropped.union([token.strip().lower() for token in named.split(b",")])
    if RESERVED_WORD in b"".join(headers):  # a third of the time of asking each name
        dropped = dropped.union([name for name in headers if name.startswith(RESERVED)])
    set_by_policy: dict[bytes, bytes] = {}
    if exchange.request_headers or exchange.removed_headers:
        set_by_policy = dict(exchange.request_headers)  # of two policies that set one, the last one counts
        dropped = dropped.union(exchange.removed_headers, set_by_policy)
    lines = [b": ".join(field) for field in headers.items() if field[0] not in dropped]
    lines += [b": ".join(field) for field in set_by_policy.items() if field[0] not in ours]
    return lines


def framing_line(exchange: Exchange, framing: BodyFraming, body_bytes: int) -> bytes:
    """The line that says how long the body is; empty where a request without one needs none."""
    if framing is CHUNKED:
        return b"transfer-encoding: chunked\r\n"
    if framing is LENGTH:
        return b"content-length: %d\r\n" % (exchange.request.length or 0)
    if body_bytes or exchange.request.method in BODY_METHODS:
        return b"content-length: %d\r\n" % body_bytes
    return b""


def encode_head(exchange: Exchange, target: bytes, fields: bytes, lines: list[bytes]) -> bytes:
    """The head. `fields` are complete lines, `lines` have no end yet."""
    lines.append(b"x-isthmus-request-id: " + exchange.id.encode())
    return b"%b %b HTTP/1.1\r\n%b%b\r\n\r\n" % (exchange.request.method, target, fields, b"\r\n".join(lines))
