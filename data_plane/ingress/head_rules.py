"""What a request head has to be beside well-formed, and what it says. Source: RFC 9112 and RFC 9110.

The parser leaves open how often Host comes, the transfer coding, HTTP/2.0, the form of the target, and how large
anything is.
"""

import re

from data_plane.errors import (
    BadRequest,
    BodyTooLarge,
    CodingNotSupported,
    ExpectationFailed,
    HeadTooLarge,
    MethodNotAllowed,
    TargetTooLong,
    VersionNotSupported,
)
from data_plane.exchange import Request
from data_plane.ingress.bounds import Limits
from data_plane.ingress.canonical_path import canonicalize
from data_plane.ingress.id_fields import keep_valid_ids

UPGRADE_FIELDS = (b"connection", b"http2-settings", b"upgrade")
# Each needs a thought of its own, or comes once in a connection's life.
RARE_FIELDS = frozenset(
    (
        b"expect",
        b"traceparent",
        b"tracestate",
        b"transfer-encoding",
        b"upgrade",
        b"x-isthmus-request-id",
        b"x-request-id",
    )
)
REFUSED_METHODS = frozenset((b"CONNECT", b"TRACE"))
VERSIONS = (b"HTTP/1.1", b"HTTP/1.0")
KEEP_ALIVE = (b"keep-alive", b"Keep-Alive")  # as nearly all write it
# A name or an address, in brackets if it has colons, and a port (RFC 9112 3.2, RFC 3986 3.2.2).
is_host = re.compile(rb"(?:[\w.%~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?").fullmatch
REQUEST_LINE_BYTES = 32  # method, version and spaces, beside the target


def check_sizes(head: bytes | bytearray, lines: int, limits: Limits) -> None:
    """Refuse a head that is too large, be it whole or not. `lines`: how many ends of lines it has so far."""
    if len(head) > limits.target_bytes:  # else nothing of it can be too long
        if head.find(b"\n", 0, limits.target_bytes + REQUEST_LINE_BYTES) < 0:
            refuse_target(limits)
        if len(head) > limits.head_bytes:
            raise HeadTooLarge(f"a request head may have {limits.head_bytes} bytes")
        if len(head) > limits.line_bytes and max(map(len, head.split(b"\n"))) > limits.line_bytes:
            raise HeadTooLarge(f"a header field may have {limits.line_bytes} bytes")
    if lines > limits.header_count + 2:
        raise HeadTooLarge(f"a request may have {limits.header_count} header fields")


def read_head(head: bytes, headers: dict[bytes, bytes], limits: Limits) -> tuple[Request, bool]:
    """The request of a head that the parser has accepted, and whether it is of a rare kind.

    `headers` becomes the request's, without the framing: what upstreams hear of it is made anew.

    Raises:
        GatewayError: a rule is broken, or a limit.
    """
    line = head[: head.find(b"\r\n")]
    parts = line.split(b" ")
    if len(parts) != 3 or parts[2] != b"HTTP/1.1":
        check_request_line(parts)
    method, target, version = parts
    if method in REFUSED_METHODS:
        raise MethodNotAllowed(f"'{method.decode()}' is not served")
    if len(target) > limits.target_bytes:
        refuse_target(limits)
    is_http_1_0 = version == b"HTTP/1.0"
    host = headers.get(b"host")
    if not host or not is_host(host):
        check_no_host(host, is_http_1_0)
    path, query = canonicalize(target if target[:1] == b"/" else origin_form(target, host or b""))
    connection = headers.get(b"connection")
    keep_alive = not is_http_1_0 and (
        connection is None or connection in KEEP_ALIVE or b"close" not in tokens_of(connection)
    )
    stated = headers.pop(b"content-length", None)
    length = None if stated is None else read_length(stated, limits)
    has_body = bool(length)
    is_rare = not headers.keys().isdisjoint(RARE_FIELDS)
    if not is_rare:
        return Request(method, path, query, headers, keep_alive, is_http_1_0, has_body, length), not keep_alive
    has_body = has_body or b"transfer-encoding" in headers
    offered = read_rare(headers, is_http_1_0)
    request = Request(method, path, query, headers, keep_alive, is_http_1_0, has_body, length)
    if offered and method == b"GET" and not has_body:
        request.upgrade = offered
    return request, True


def check_request_line(parts: list[bytes]) -> None:
    if len(parts) == 2 or (len(parts) == 3 and parts[2] not in VERSIONS):
        raise VersionNotSupported("the gateway speaks HTTP/1.1")
    if len(parts) != 3:
        raise BadRequest("method, target and version must be separated by single spaces")


def read_length(digits: bytes, limits: Limits) -> int:
    length = int(digits)  # digits only, and never with a coding: the parser's work
    if length > limits.body_bytes:
        raise BodyTooLarge(f"a request body may have {limits.body_bytes} bytes")
    return length


def refuse_target(limits: Limits) -> None:
    raise TargetTooLong(f"the request target may have {limits.target_bytes} bytes")


def check_no_host(host: bytes | None, is_http_1_0: bool) -> None:
    if host is not None:
        raise BadRequest("malformed 'Host' field")
    if not is_http_1_0:
        raise BadRequest("no 'Host' field")


def tokens_of(value: bytes) -> list[bytes]:
    return [token.strip(b" \t") for token in value.lower().split(b",")]


def origin_form(target: bytes, host: bytes) -> bytes:
    """The target without scheme and host, which may only repeat the Host field (RFC 9112 3.2.2)."""
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        raise BadRequest("the request target must begin with '/'")
    if rest[: len(host)].lower() != host.lower() or rest[len(host) : len(host) + 1] not in (b"", b"/", b"?"):
        raise BadRequest("the request target and the 'Host' field name different hosts")
    path = rest[len(host) :]
    return path if path.startswith(b"/") else b"/" + path


def read_rare(headers: dict[bytes, bytes], is_http_1_0: bool) -> bytes:
    """Check what few requests have. Returns the protocol that the client offers to change to."""
    coding = headers.pop(b"transfer-encoding", None)  # never with a length: the parser's work
    if coding is not None:
        if coding.lower() != b"chunked":
            raise CodingNotSupported("the only transfer coding is 'chunked'")
        if is_http_1_0:
            raise BadRequest("'Transfer-Encoding' needs HTTP/1.1")
    expectation = headers.get(b"expect")
    if expectation is not None and expectation.lower() != b"100-continue":
        raise ExpectationFailed("the only expectation that can be met is '100-continue'")
    offered = b""
    if b"upgrade" in headers:  # declined, as if it had not been offered, unless a route takes it (RFC 9110 7.8)
        if not is_http_1_0 and b"upgrade" in tokens_of(headers.get(b"connection", b"")):
            offered = headers[b"upgrade"].lower()
        for name in UPGRADE_FIELDS:
            headers.pop(name, None)
    keep_valid_ids(headers)
    return offered
