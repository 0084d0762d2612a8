"""One case of the client side: what is sent, what may be answered, and what the upstream has to have seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

GET = b"GET /rest/x HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /rest/x HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /rest/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
END = b"\r\n"

Seen = tuple[bytes, bytes, bytes]  # method, target, body
SEEN_GET: Seen = (b"GET", b"/rest/x", b"")
SEEN_SMUGGLED: Seen = (b"GET", b"/rest/smuggled", b"")  # where it is no smuggling, but the second request


class Ends(Enum):
    """What becomes of the connection after the last answer."""

    OPEN = "open"  # and the next request on it is served
    CLOSED = "closed"
    EITHER = "either"
    WAITS = "waits"  # for more of the request, until the client leaves


OPEN, CLOSED, EITHER, WAITS = Ends


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    data: bytes
    answers: tuple[frozenset[int], ...]  # for each answer the statuses that are right
    seen: tuple[Seen, ...]
    ends: Ends
    has: tuple[bytes, ...] = ()  # lines that the upstream gets, each once
    lacks: tuple[bytes, ...] = ()  # names that it does not get

    def with_lines(self, *lines: bytes) -> Self:
        return replace(self, has=lines)

    def without(self, *names: bytes) -> Self:
        return replace(self, lacks=names)


def refused(name: str, data: bytes, *statuses: int) -> Case:
    """No whole request reaches the upstream, and what follows is not read: 400 unless others are given."""
    return Case(name, data, (frozenset(statuses or (400,)),), (), CLOSED)


def served(name: str, data: bytes, *seen: Seen) -> Case:
    """All is served, and the connection is in step afterwards."""
    return Case(name, data, _answers(200, seen), seen, OPEN)


def closes(name: str, data: bytes, *seen: Seen) -> Case:
    """All that is to be served is; then the connection is closed, and what came after is not read."""
    return Case(name, data, _answers(200, seen), seen, CLOSED)


def then_refused(name: str, data: bytes, seen: Sequence[Seen], *statuses: int) -> Case:
    """What came first is served, what follows it is refused."""
    return Case(name, data, (*_answers(200, seen), frozenset(statuses or (400,))), tuple(seen), CLOSED)


def answered(name: str, data: bytes, *statuses: int) -> Case:
    """The gateway answers by itself; whether it keeps the connection is its choice."""
    return Case(name, data, (frozenset(statuses),), (), EITHER)


def unfinished(name: str, data: bytes, *seen: Seen) -> Case:
    """The client leaves amid its last request: what the upstream had of that was never whole."""
    return Case(name, data, _answers(200, seen), seen, WAITS)


def posted(body: bytes) -> Seen:
    return (b"POST", b"/rest/x", body)


def _answers(status: int, seen: Sequence[Seen]) -> tuple[frozenset[int], ...]:
    return (frozenset((status,)),) * len(seen)
