"""Streamed answers of Bedrock's InvokeModelWithResponseStream, in the framing of the API that the model speaks.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html (2026-11).
Messages of AWS's event stream, each with one event of Anthropic's API in base64; errors are AWS's own.
"""

from base64 import b64decode

import msgspec

from data_plane.codecs.anthropic_failure import type_of
from data_plane.codecs.aws_event_stream import EventMessage, MessageSplitter, read_message
from data_plane.codecs.bedrock_failure import STATUSES, bare_name, kind, read_message_of
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.errors import InvalidUpstreamResponse, UpstreamCutShort

LAST_EVENT = "message_stop"
CR, LF, SPACE = b"\r", b"\n", b" "

_encode = msgspec.json.Encoder().encode


class InvokeReframer:
    """Of one answer in Anthropic's API. Implements `Reframer`."""

    __slots__ = ("_is_over", "_splitter")

    def __init__(self) -> None:
        self._splitter = MessageSplitter()
        self._is_over = False

    def feed(self, data: bytes) -> bytes:
        return b"".join([self._event(read_message(message)) for message in self._splitter.feed(data)])

    def close(self) -> bytes:
        if self._splitter.close() or not self._is_over:
            raise UpstreamCutShort("the upstream ended the stream before its end")
        return b""

    def _event(self, message: EventMessage) -> bytes:
        """What comes after the end says nothing; events of other kinds are passed over, as AWS asks of clients."""
        if self._is_over:
            return b""
        if message.headers.get(":message-type") != "event":
            self._is_over = True
            return _error(message)
        if message.headers.get(":event-type") != "chunk":
            return b""
        try:
            data = b64decode(JsonReader.of(message.payload).required_text("bytes"), validate=True)
            name = JsonReader.of(data).required_text("type")
        except (Unreadable, ValueError) as error:  # ValueError: no base64
            raise InvalidUpstreamResponse("an event of the upstream's stream cannot be read") from error
        self._is_over = name == LAST_EVENT
        return _sse(name, data)


def _error(message: EventMessage) -> bytes:
    headers = message.headers
    name = bare_name(str(headers.get(":exception-type") or headers.get(":error-code") or ""))
    try:
        text = read_message_of(JsonReader.of(message.payload))
    except Unreadable:
        text = str(headers.get(":error-message") or "")
    status = STATUSES.get(kind(500, name, text), 500)
    error = {"type": type_of(status), "message": text or name or "the model failed"}
    return _sse("error", _encode({"type": "error", "error": error}))


def _sse(name: str, data: bytes) -> bytes:
    """JSON on one line: a line end in it can only stand between its tokens."""
    if LF in data or CR in data:
        data = data.replace(CR, SPACE).replace(LF, SPACE)
    if not name.isprintable():
        raise InvalidUpstreamResponse("an event of the upstream's stream has a name that is none")
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)
