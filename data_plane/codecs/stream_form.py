"""How client APIs stream, as far as a relay needs it: what opens a stream, what ends it, and what keeps it alive.

Looked up in bytes, not decoded: what is searched for has quotes, which are escaped inside JSON strings. Sources: the
streaming references of the OpenAI, Anthropic and Gemini APIs (2026-11).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from data_plane.codecs.client_api import ANTHROPIC, GEMINI, OPENAI

COMMENT = b": keep-alive\n\n"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
NEWLINE = b"\n"  # Gemini's SDKs take any other line for the beginning of an error
DATA = b"data:"
EVENT_END = re.compile(rb"\r?\n\r?\n")
ERRORS = re.compile(rb'^event: ?error\b|^data: ?\{\s*"(?:error"|type": ?"(?:error|response\.failed)")', re.MULTILINE)

# A chunk that says who speaks, and nothing else; Azure's first, which tells of filters, has no choices.
CHAT_OPENING = re.compile(
    rb'"delta":\s*\{(?:\s*,?\s*"(?:role":\s*"assistant"|\w+":\s*(?:""|null|\[\])))*\s*\}(?![^\n]*"finish_reason":\s*")'
    rb'|"choices":\s*\[\](?![^\n]*"usage":\s*\{)'
)
RESPONSES_OPENING = re.compile(rb'"type":\s*"response\.(?:created|in_progress|queued)"')
MESSAGES_OPENING = re.compile(rb'"type":\s*"(?:message_start|ping)"')

CHAT_END = re.compile(rb'"finish_reason":\s*"')  # some servers leave out `[DONE]`
RESPONSES_END = re.compile(rb'"type":\s*"response\.(?:completed|incomplete)"|^data: ?\[DONE\]', re.MULTILINE)
MESSAGES_END = re.compile(rb'"type":\s*"message_stop"')
GEMINI_END = re.compile(rb'"(?:finishReason|blockReason)":\s*"')

MESSAGE = re.compile(rb'"message":\s*("[^"\\]*(?:\\.[^"\\]*)*")')
NUMBER = re.compile(rb'"sequence_number":\s*(\d{1,9})')
STRING = rb'":\s*("[^"\\]*(?:\\.[^"\\]*)*")'
CHAT_TEXT = re.compile(rb'"(?:content|reasoning_content|reasoning|refusal|arguments|input|text)' + STRING)
RESPONSES_TEXT = re.compile(rb'"delta' + STRING)
MESSAGES_TEXT = re.compile(rb'"(?:text|thinking|partial_json)' + STRING)
GEMINI_TEXT = re.compile(rb'"(?:text)' + STRING + rb'|"args":\s*(\{[^}]*\})')
WHOLE_TEXT = re.compile(rb'"(?:text|arguments)' + STRING)


@dataclass(frozen=True, slots=True)
class StreamForm:
    """One client API's. `opening`: in an event that has no content yet; None: all have.

    `last`: what stands in the last `last_bytes` of nearly all streams that are whole. `ending`: what stands somewhere
    near the end of all; None: nobody knows. `text`: strings that the model has written.
    """

    keep_alive: bytes = COMMENT
    opening: re.Pattern[bytes] | None = None
    last: bytes = b""
    last_bytes: int = 0
    ending: re.Pattern[bytes] | None = None
    text: re.Pattern[bytes] | None = None


ANY = StreamForm()
# 10 bytes: `[DONE]` with its blank line, but too few for the same in a model's text with the end of its JSON.
FORMS: Mapping[tuple[str, str], StreamForm] = {
    (OPENAI, "chat"): StreamForm(COMMENT, CHAT_OPENING, b"[DONE]", 10, CHAT_END, CHAT_TEXT),
    (OPENAI, "completions"): StreamForm(COMMENT, None, b"[DONE]", 10, CHAT_END, CHAT_TEXT),
    (OPENAI, "responses"): StreamForm(
        COMMENT, RESPONSES_OPENING, b'"response.completed"', 16_384, RESPONSES_END, RESPONSES_TEXT
    ),
    (ANTHROPIC, "messages"): StreamForm(PING, MESSAGES_OPENING, b'"message_stop"', 64, MESSAGES_END, MESSAGES_TEXT),
    (GEMINI, "generate_content"): StreamForm(NEWLINE, None, b'"finishReason"', 2_048, GEMINI_END, GEMINI_TEXT),
}


def stream_form_of(api: str, operation: str) -> StreamForm:
    """The form of what a client has asked for."""
    return FORMS.get((api, operation), ANY)


def has_content(events: bytes, form: StreamForm) -> bool:
    """Whether one of these events, which are whole, is for the client to see."""
    opening = form.opening
    for event in EVENT_END.split(events) if b"\r" in events else events.split(b"\n\n"):
        if DATA in event and (opening is None or opening.search(event) is None):
            return True
    return False


def is_whole(tail: bytes, is_cut: bool, form: StreamForm) -> bool:
    """Whether a stream with this tail has ended as its API has it.

    `is_cut`: something came before the tail. A last event whose beginning is not in it is given the benefit of doubt.
    """
    ending = form.ending
    if ending is None or form.last in tail[-form.last_bytes :] or ending.search(tail) is not None:
        return True
    return is_cut and len(_events(tail)) <= 1


def last_error(tail: bytes) -> str | None:
    """What went wrong, where the last event says so; empty if its words are not known."""
    events = _events(tail)
    if not events or ERRORS.search(events[-1]) is None:
        return None
    found = MESSAGE.search(events[-1])
    try:
        return msgspec.json.decode(found[1], type=str) if found is not None else ""
    except (msgspec.DecodeError, UnicodeError):
        return ""


def _events(tail: bytes) -> list[bytes]:
    return [event for event in EVENT_END.split(tail) if DATA in event]


def next_number(tail: bytes) -> int:
    """Of the event that follows, in a stream whose events are numbered; 0 where none is found."""
    found = NUMBER.findall(tail)
    return int(found[-1]) + 1 if found else 0


def text_bytes(data: bytes, form: StreamForm, *, is_stream: bool) -> int:
    """How many bytes of text the model has written in this data."""
    pattern = form.text
    if pattern is None:
        return 0
    if not is_stream and form.text is RESPONSES_TEXT:
        pattern = WHOLE_TEXT
    return sum(_length(found) for found in pattern.findall(data))


def text_of(data: bytes, form: StreamForm, *, is_stream: bool) -> str:
    """The text that the model has written in this data, as far as it can be read."""
    pattern = form.text
    if pattern is None:
        return ""
    if not is_stream and form.text is RESPONSES_TEXT:
        pattern = WHOLE_TEXT
    return "".join(map(_text, pattern.findall(data)))


def _text(found: "bytes | tuple[bytes, ...]") -> str:
    literal = found if isinstance(found, bytes) else b"".join(found)
    if literal[:1] == b'"':
        try:
            return msgspec.json.decode(literal, type=str)
        except (msgspec.DecodeError, UnicodeError):
            literal = literal[1:-1]
    return literal.decode(errors="replace")


def _length(found: "bytes | tuple[bytes, ...]") -> int:
    literal = found if isinstance(found, bytes) else b"".join(found)
    if literal[:1] != b'"':
        return len(literal)
    if b"\\" not in literal:
        return len(literal) - 2
    try:
        return len(msgspec.json.decode(literal, type=str).encode())
    except (msgspec.DecodeError, UnicodeError):  # no JSON, or half a surrogate pair
        return len(literal) - 2
