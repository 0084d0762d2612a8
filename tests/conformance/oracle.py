"""What aiohttp's C parser makes of bytes: the other opinion. Of aiohttp 3.14, whose parser module is private."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiohttp._http_parser import HttpRequestParser, HttpResponseParser  # type: ignore[import-not-found]
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD

LARGEST = 1 << 24  # beyond all our own limits, so that only syntax decides
LIMITS = {"max_line_size": LARGEST, "max_field_size": LARGEST, "max_headers": 1 << 16, "auto_decompress": False}


class Heard(NamedTuple):
    """One request, or response, as somebody has read it."""

    start: tuple[bytes, ...]  # method and target, or the status
    fields: dict[bytes, bytes]  # names in lower case; those that repeat joined by commas
    body: bytes


@dataclass
class Hearing:
    """All that somebody has read of a connection."""

    heard: list[Heard] = field(default_factory=list)  # whole messages
    refused: str = ""  # why there are no more
    is_ended: bool = False  # no more are read, by agreement
    waits: bool = False  # amid a message


class Oracle:
    """Reads with aiohttp. The loop is for aiohttp's objects; it never runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._protocol = BaseProtocol(self._loop)

    def close(self) -> None:
        self._loop.close()

    def requests(self, pieces: Sequence[bytes]) -> Hearing:
        return self._hear(
            pieces, self._request_parser, lambda message: (message.method.encode(), raw(message.path or ""))
        )

    def responses(self, pieces: Sequence[bytes], method: bytes, *, ends: bool = False) -> Hearing:
        """Responses to requests of one method. `ends`: the upstream closes after them."""

        def parser() -> Any:
            has_body = method != b"HEAD"
            return HttpResponseParser(
                self._protocol, self._loop, LARGEST, response_with_body=has_body, read_until_eof=True, **LIMITS
            )

        return self._hear(pieces, parser, lambda message: (b"%d" % message.code,), ends=ends)

    def _request_parser(self) -> Any:
        return HttpRequestParser(self._protocol, self._loop, LARGEST, **LIMITS)

    def _hear(self, pieces: Sequence[bytes], make: Any, start: Any, *, ends: bool = False) -> Hearing:
        if b"upgrade" in b"".join(pieces).lower():
            pieces = bytewise(pieces)  # it drops what stands in the same piece behind an upgrade that it declines
        messages, refused = self._parse(pieces, make, ends=ends)
        if refused:  # what stood in the same piece before the fault has not been told
            messages, refused = self._parse(bytewise(pieces), make, ends=ends)
        hearing = Hearing(refused=refused)
        for message, payload in messages:
            if payload is EMPTY_PAYLOAD:
                body = b""
            elif payload.is_eof() and payload.exception() is None:
                body = payload.read_nowait()
            else:
                hearing.waits = True
                break
            hearing.heard.append(Heard(start(message), joined(message.raw_headers), body))
        return hearing

    def _parse(self, pieces: Iterable[bytes], make: Any, *, ends: bool) -> tuple[list[Any], str]:
        messages: list[Any] = []
        parser = make()
        try:
            for piece in pieces:
                while piece:
                    new, upgraded, piece = parser.feed_data(piece)
                    messages += new
                    if upgraded:  # we take none, so what follows is the next message
                        parser = make()
            if ends:
                parser.feed_eof()
        except HttpProcessingError as error:
            return messages, f"{type(error).__name__}: {error.message.splitlines()[0] if error.message else ''}"
        return messages, ""


def bytewise(pieces: Iterable[bytes]) -> list[bytes]:
    return [piece[at : at + 1] for piece in pieces for at in range(len(piece))]


def joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        key = name.lower()
        value = value.strip(b" \t")
        separator = b"; " if key == b"cookie" else b", "
        found[key] = found[key] + separator + value if key in found else value
    return found


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
