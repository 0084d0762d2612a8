"""What must hold for whatever a client sends: the rules of the fuzz test, in one place."""

import re
from collections.abc import Sequence

from data_plane.errors import GatewayError
from data_plane.exchange import Request
from data_plane.ingress.canonical_path import canonicalize
from data_plane.ingress.head_table import HeadTable
from tests.conformance.oracle import Heard, Hearing, Oracle
from tests.conformance.reading import Forwarding, Reading

# Fields that we take out of a request's head when it is read.
TAKEN = {b"content-length", b"connection", b"http2-settings", b"upgrade", b"transfer-encoding"}
NEVER_FORWARDED = {b"upgrade", b"expect", b"te", b"trailer", b"connection", b"authorization", b"forwarded"}
DUPLICATE = re.compile("BadHttpMessage: Duplicate '(.+)' header found.")
CLOSED = "BadHttpMessage: Data after `Connection: close`"
MAY_REPEAT = {"Content-Location", "Content-Range", "ETag", "Max-Forwards", "Server", "User-Agent"}


class Broken(AssertionError):
    """A rule does not hold."""


# What a case of a fuzz test may end with that shows a fault of ours.
FAULTS = (Broken, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Rules:
    """Reads the same bytes in two ways, and sends on what was read."""

    def __init__(self, oracle: Oracle, heads: HeadTable) -> None:
        self._oracle = oracle
        self._heads = heads  # of one listener: heads that come again are recognised
        self._forwarding = Forwarding()
        self.accepted = 0
        self.refused = 0

    def check(self, pieces: Sequence[bytes]) -> None:
        """Raises Broken."""
        ours = Reading(pieces, self._heads)
        if ours.refused:
            self.refused += 1
            if ours.refused[:1] != "4" and ours.refused[:3] not in ("501", "505"):
                raise Broken(f"refused with {ours.refused}")
            if not ours.heard:
                return
        self.accepted += bool(ours.heard)
        theirs = self._oracle.requests(pieces)
        goes_on = not ours.refused and not ours.is_ended and not ours.is_amid_head
        if goes_on and len(theirs.heard) > len(ours.heard):
            raise Broken(f"we wait after {ours.heard}, aiohttp reads {theirs.heard}")
        self._compare(ours, theirs)

    def _compare(self, ours: Reading, theirs: Hearing) -> None:
        for position, mine in enumerate(ours.heard):
            if position >= len(theirs.heard):
                if is_known_difference(theirs.refused, ours.requests[max(0, position - 1) : position + 1]):
                    return
                raise Broken(f"we read {mine}, aiohttp {theirs.refused or 'waits for more'}")
            check_same(mine, theirs.heard[position])
            if not any(is_chunked(earlier) for earlier in ours.requests[:position]):
                check_fields(mine, theirs.heard[position])
            self._check_forwarded(ours.requests[position], mine)

    def _check_forwarded(self, request: Request, mine: Heard) -> None:
        for streams_body in (False, True) if request.has_body else (False,):
            message = self._forwarding.forward(request, streams_body=streams_body)
            sent = self._oracle.requests([message])
            if sent.refused or sent.waits or len(sent.heard) != 1:
                raise Broken(f"what we send on is no one request: {message!r}: {sent}")
            (upstream,) = sent.heard
            if (upstream.start, upstream.body) != (mine.start, mine.body):
                raise Broken(f"we read {mine}, and send on {upstream}")
            if not NEVER_FORWARDED.isdisjoint(upstream.fields):
                raise Broken(f"sent on: {NEVER_FORWARDED & upstream.fields.keys()}")
            if upstream.fields.get(b"host") != (request.headers.get(b"host") or b"upstream:80"):
                raise Broken(f"another host is sent on: {upstream.fields}")


def is_known_difference(refusal: str, requests: Sequence[Request]) -> bool:
    """Whether aiohttp refuses for a reason that endangers nobody. `requests`: the last one, and the one before."""
    if refusal.startswith(CLOSED):  # by a trailer, which aiohttp takes for a field; we drop it
        return is_chunked(requests[0])
    duplicate = DUPLICATE.fullmatch(refusal)
    if duplicate is None:
        return False
    # To us these may repeat; and aiohttp counts fields of trailers, which we drop.
    return duplicate[1] in MAY_REPEAT or any(map(is_chunked, requests))


def check_same(mine: Heard, theirs: Heard) -> None:
    method, target = theirs.start
    if mine.start != (method, canonical(target)) or mine.body != theirs.body:
        raise Broken(f"we read {mine}, aiohttp {theirs}")


def check_fields(mine: Heard, theirs: Heard) -> None:
    """Not behind a chunked body: aiohttp adds its trailers to the next message."""
    fields = {name: without_space(value) for name, value in mine.fields.items() if name not in TAKEN}
    expected = {name: without_space(value) for name, value in theirs.fields.items() if name in fields}
    if fields != expected:
        raise Broken(f"we read fields {fields}, aiohttp {expected}")


def is_chunked(request: Request) -> bool:
    return request.has_body and request.length is None


def without_space(value: bytes) -> bytes:
    return value.translate(None, b" \t")


def canonical(target: bytes) -> bytes:
    """The target as the gateway has to read it, be it in origin form or in absolute form."""
    if not target.startswith(b"/"):
        _, _, rest = target.partition(b"://")
        slash = min((at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0), default=len(rest))
        target = rest[slash:] if rest[slash : slash + 1] == b"/" else b"/" + rest[slash:]
    try:
        path, query = canonicalize(target)
    except GatewayError as error:
        return str(error).encode()
    return path + b"?" + query if query else path
