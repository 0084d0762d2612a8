"""Request heads towards upstreams: which of the client's fields travel on. Source: RFC 9110, section 7.6.1."""

from data_plane.exchange import Exchange, HeadMemo
from data_plane.identity.client_address import PROXY_FIELDS
from data_plane.upstream.message import CHUNKED, JOIN_BELOW_BYTES, LENGTH, SWITCH, WHOLE, BodyFraming, Message

# Hop-by-hop, set by us, or what only proxies set; a client's own credentials never travel on.
NOT_FORWARDED = PROXY_FIELDS | frozenset(
    b"api-key authorization connection content-length expect host http2-settings keep-alive proxy-authorization "
    b"proxy-connection te trailer transfer-encoding upgrade x-api-key x-goog-api-key".split()
)
# A provider has no business with cookies; the others are part of a signature, which is ours.
NOT_FORWARDED_TO_PROVIDERS = NOT_FORWARDED | frozenset(
    b"cookie x-amz-content-sha256 x-amz-date x-amz-security-token".split()
)
# What means the same to every provider. Other fields of a client are for the API that it speaks.
NEUTRAL = frozenset(b"baggage traceparent tracestate user-agent".split())
NONE: frozenset[bytes] = frozenset()
# Ours alone. Readers of CGI-like variables cannot tell `_` from `-`.
RESERVED_WORD = b"isthmus"
RESERVED = (b"x-isthmus-", b"x_isthmus_", b"x-isthmus_", b"x_isthmus-")
BODY_METHODS = frozenset((b"PATCH", b"POST", b"PUT"))  # for these no body means an empty one
COMMON_CONNECTION = frozenset((b"close", b"keep-alive", b"upgrade"))  # these name no field that would travel on
MAX_REMEMBERED = 32  # beginnings of one head: one for each target, and for what policies set


def streamed_framing(exchange: Exchange) -> BodyFraming:
    """How a body goes upstream that is not yet whole."""
    return CHUNKED if exchange.request.length is None else LENGTH


def forwarded_fields(exchange: Exchange, dropped: frozenset[bytes], ours: frozenset[bytes] = NONE) -> bytes:
    """Lines of what the client sends on, without `dropped`, and of what policies set, without `ours`."""
    headers = exchange.request.headers
    named = headers.get(b"connection")
    if named is not None and named.lower() not in COMMON_CONNECTION:
        dropped = dropped.union([token.strip().lower() for token in named.split(b",")])
    set_by_policy: dict[bytes, bytes] = {}
    if exchange.request_headers or exchange.removed_headers:
        set_by_policy = dict(exchange.request_headers)  # of two policies that set one, the last one counts
        dropped = dropped.union(exchange.removed_headers, set_by_policy)
    lines = [b": ".join(field) for field in headers.items() if field[0] not in dropped]
    lines.append(b"")
    forwarded = b"\r\n".join(lines)
    if RESERVED_WORD in forwarded:  # in a name, or in a value; each name is asked only then
        forwarded = b"".join([line + b"\r\n" for line in lines[:-1] if not line.startswith(RESERVED)])
    set_lines = [b"%b: %b\r\n" % field for field in set_by_policy.items() if field[0] not in ours]
    return b"".join((forwarded, *set_lines)) if set_lines else forwarded


def neutral_fields(exchange: Exchange, ours: frozenset[bytes]) -> bytes:
    """As `forwarded_fields`, for a provider that speaks another API than the client."""
    return forwarded_fields(exchange, frozenset(exchange.request.headers) - NEUTRAL, ours)


def changed_key(key: object, exchange: Exchange) -> object:
    """What a beginning depends on, beside the client's head, where policies change it."""
    return key, tuple(exchange.request_headers), exchange.removed_headers


def remember(memo: HeadMemo, key: object, beginning: bytes) -> None:
    """Keep the beginning of a head. What policies set anew for each request must not fill the memory."""
    if len(memo.forwarded) >= MAX_REMEMBERED:
        memo.forwarded.clear()
    memo.forwarded[key] = beginning


def encode_message(
    exchange: Exchange, beginning: bytes, own_lines: bytes, framing: BodyFraming, body: bytes
) -> Message:
    """The message of an exchange: what is known already, and what no two requests have in common.

    `beginning`: the request line and complete header lines; `own_lines`: more of them, which nobody keeps, as they
    hold a credential or tell of one client. `body`: whole, or what has come of it.
    """
    if framing is WHOLE:
        if body or exchange.request.method in BODY_METHODS:
            length = len(body)
            if length < JOIN_BELOW_BYTES:
                whole = b"%b%bcontent-length: %d\r\nx-isthmus-request-id: %b\r\n\r\n%b" % (
                    beginning,
                    own_lines,
                    length,
                    exchange.id.encode(),
                    body,
                )
                return whole, b"", WHOLE
            line = b"content-length: %d\r\n" % length
        else:
            line = b""
    elif framing is CHUNKED:
        line = b"transfer-encoding: chunked\r\n"
    elif framing is SWITCH:
        if exchange.upgrade is None:
            raise RuntimeError("there is no protocol to offer")
        line = b"connection: upgrade\r\nupgrade: %b\r\n" % exchange.upgrade.protocol
    else:
        growth = exchange.form.growth if exchange.form is not None else 0
        line = b"content-length: %d\r\n" % ((exchange.request.length or 0) + growth)
    head = b"%b%b%bx-isthmus-request-id: %b\r\n\r\n" % (beginning, own_lines, line, exchange.id.encode())
    return head, body, framing
