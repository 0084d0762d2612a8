"""What opens a stream of each API, what ends it, and what a model has written in it."""

from pathlib import Path
from typing import Any

from pytest import mark, param

from data_plane.codecs.stream_form import (
    ANY,
    EVENT_END,
    StreamForm,
    has_content,
    is_whole,
    last_error,
    stream_form_of,
    text_bytes,
)

FOLDER = Path(__file__).parents[2] / "golden" / "codecs"
APIS = {
    "openai-chat": ("openai", "chat"),
    "openai-responses": ("openai", "responses"),
    "anthropic-messages": ("anthropic", "messages"),
    "gemini": ("gemini", "generate_content"),
}
STREAMS: list[Any] = [
    param(stream_form_of(*call), path, id=f"{api}-{path.stem}")
    for api, call in APIS.items()
    for path in sorted((FOLDER / api / "streams").iterdir())
]
CUT = ("cut-short", "error-outside")  # the latter ends in an error that is no event
TOLD = ("error", "overloaded", "failed")
CHAT, RESPONSES = stream_form_of("openai", "chat"), stream_form_of("openai", "responses")
MESSAGES, GEMINI = stream_form_of("anthropic", "messages"), stream_form_of("gemini", "generate_content")


def chunk(delta: bytes, end: bytes = b'"finish_reason":null') -> bytes:
    return b'data: {"id":"1","choices":[{"index":0,"delta":%b,%b}]}\n\n' % (delta, end)


@mark.parametrize(("form", "path"), STREAMS)
def test_a_stream_is_whole_if_its_api_says_so(form: StreamForm, path: Path) -> None:
    assert is_whole(path.read_bytes(), False, form) is (path.stem not in (*CUT, *TOLD))
    assert (last_error(path.read_bytes()) is not None) is (path.stem in TOLD)


@mark.parametrize(("form", "path"), [case for case in STREAMS if case.values[1].stem in ("text", "tools")])
def test_a_stream_without_its_last_events_is_not_whole(form: StreamForm, path: Path) -> None:
    events = [event + b"\n\n" for event in EVENT_END.split(path.read_bytes()) if event]
    ends = {True: 0, False: 0}
    for count in range(len(events)):
        ends[is_whole(b"".join(events[:count]), False, form)] += 1
    assert ends[False] >= 2 and ends[True] <= 2  # usage and `[DONE]` may be missing behind the finish reason


@mark.parametrize(
    ("form", "tail", "whole"),
    [
        param(CHAT, b"", False, id="nothing"),
        param(CHAT, b": ping\n\n", False, id="comments only"),
        param(CHAT, chunk(b'{"content":"[DONE]"}'), False, id="the model writes as if it were the end"),
        param(CHAT, chunk(b'{"content":"\\"finish_reason\\": \\"stop\\""}'), False, id="the same in other words"),
        param(CHAT, b"data: [DONE]", True, id="no blank line at the end"),
        param(CHAT, b"data:[DONE]\r\n\r\n", True, id="CRLF"),
        param(MESSAGES, b'event: ping\ndata: {"type": "ping"}\n\n', False, id="it was alive"),
        param(RESPONSES, b'data: {"type":"response.incomplete"}\n\n', True, id="incomplete is an end"),
        param(RESPONSES, b'data: {"type":"response.output_text.done"}\n\n', False, id="a part is over"),
        param(GEMINI, b'data: {"promptFeedback": {"blockReason": "SAFETY"}}\r\n\r\n', True, id="blocked"),
        param(ANY, b"", True, id="nobody knows"),
    ],
)
def test_the_end_of_a_stream(form: StreamForm, tail: bytes, whole: bool) -> None:
    assert is_whole(tail, False, form) is whole


@mark.parametrize(
    ("tail", "message"),
    [
        param(b'data: {"error":{"message":"a \\"b\\""}}\n\n', 'a "b"', id="OpenAI"),
        param(chunk(b'{"content":"x"}') + b'data: {"error":{"message":"x"}}\n\n: bye\n\n', "x", id="a comment is last"),
        param(b'event: error\r\ndata: {"type":"error","error":{}}\r\n\r\n', "", id="Anthropic, without words"),
        param(b'data: {"type":"error","message":"x"}\n\n', "x", id="Responses"),
        param(b'data: {"type":"response.failed","response":{"error":{"message":"x"}}}\n\n', "x", id="and its end"),
        param(b'data: {"error": {"code": 503, "message": "x"}}', "x", id="Gemini"),
        param(chunk(b'{"content":"{\\"error\\": 1}"}'), None, id="the model writes of errors"),
        param(b"", None, id="nothing"),
    ],
)
def test_what_a_provider_says_of_its_failure(tail: bytes, message: str | None) -> None:
    assert last_error(tail) == message


def test_a_last_event_longer_than_the_tail_is_given_the_benefit_of_doubt() -> None:
    tail = b'"output":[{"text":"' + b"x" * 50 + b'"}]}}\n\n'

    assert is_whole(tail, True, RESPONSES)
    assert not is_whole(b'","delta":"x"}\n\n' + b'data: {"type":"response.output_text.delta"}\n\n' * 2, True, RESPONSES)


@mark.parametrize(
    ("form", "events", "content"),
    [
        param(CHAT, b": x\n\n", False, id="comment"),
        param(CHAT, chunk(b'{"role":"assistant","content":""}'), False, id="role"),
        param(CHAT, chunk(b'{"role": "assistant", "content": null, "refusal": null}'), False, id="role, spaced"),
        param(CHAT, chunk(b'{"role":"assistant"}'), False, id="role alone"),
        param(CHAT, chunk(b'{"role":"assistant","content":"","tool_calls":[]}'), False, id="role, no calls"),
        param(CHAT, b'data: {"choices":[],"prompt_filter_results":[{}]}\n\n', False, id="filters of Azure"),
        param(CHAT, chunk(b'{"role":"assistant","content":"H"}'), True, id="role with text"),
        param(CHAT, chunk(b'{"content":"H"}'), True, id="text"),
        param(CHAT, chunk(b'{"role":"assistant","tool_calls":[{"index":0}]}'), True, id="call"),
        param(CHAT, chunk(b"{}", b'"finish_reason":"stop"'), True, id="end"),
        param(CHAT, b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n', True, id="usage"),
        param(CHAT, b'data: {"error":{"message":"x"}}\n\n', True, id="error"),
        param(CHAT, b"data: [DONE]\n\n", True, id="done"),
        param(RESPONSES, b'event: response.created\ndata: {"type":"response.created"}\n\n', False, id="created"),
        param(RESPONSES, b'data: {"type":"response.in_progress"}\n\n', False, id="in progress"),
        param(RESPONSES, b'data: {"type":"response.output_item.added"}\n\n', True, id="item"),
        param(MESSAGES, b'event: message_start\r\ndata: {"type": "message_start"}\r\n\r\n', False, id="message start"),
        param(MESSAGES, b'event: ping\ndata: {"type": "ping"}\n\n', False, id="ping"),
        param(MESSAGES, b'data: {"type":"content_block_start"}\n\n', True, id="block"),
        param(GEMINI, b'data: {"candidates":[]}\n\n', True, id="Gemini: whatever comes"),
        param(ANY, b"data: x\n\n", True, id="of an unknown operation: whatever comes"),
    ],
)
def test_what_the_client_is_to_see(form: StreamForm, events: bytes, content: bool) -> None:
    assert has_content(events, form) is content


@mark.parametrize(
    ("form", "data", "count"),
    [
        param(CHAT, chunk(b'{"content":"a\\u00e9\\n"}') + chunk(b'{"reasoning":"xy"}'), 6, id="escapes"),
        param(CHAT, chunk(b'{"tool_calls":[{"function":{"arguments":"{\\"a\\":1}"}}]}'), 7, id="arguments"),
        param(CHAT, chunk(b'{"content":"\\ud800"}'), 6, id="half a character counts as it stands"),
        param(
            MESSAGES,
            b'data: {"delta":{"thinking":"abc"}}\n\ndata: {"delta":{"partial_json":"{}"}}\n\n',
            5,
            id="thought",
        ),
        param(RESPONSES, b'data: {"delta":"abc"}\n\ndata: {"type":"x.done","text":"abc"}\n\n', 3, id="not twice"),
        param(GEMINI, b'data: {"parts":[{"text":"abc"},{"functionCall":{"args":{"a":1}}}]}\n\n', 10, id="calls"),
        param(ANY, b'data: {"content":"abc"}\n\n', 0, id="nobody knows"),
    ],
)
def test_how_much_a_model_has_written(form: StreamForm, data: bytes, count: int) -> None:
    assert text_bytes(data, form, is_stream=True) == count
