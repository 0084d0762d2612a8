"""Ids of what providers keep, in requests and answers."""

import json

from pytest import mark, param, raises

from data_plane.codecs.kept_ids import NAMES, HiddenReference, sealed_answer, sealed_event, unsealed


def opened(name: str, text: str) -> str:
    return text.removeprefix("sealed:") + f"/{name}" if text.startswith("sealed:") else text


def seal(text: str) -> str:
    return f"sealed:{text}"


@mark.parametrize(
    "body, wanted",
    [
        param(b'{"model":"m"}', b'{"model":"m"}', id="nothing"),
        param(
            b'{"previous_response_id" : "sealed:r", "x": 1.0}',
            b'{"previous_response_id" : "r/previous_response_id", "x": 1.0}',
            id="a response",
        ),
        param(
            b'{"input":[{"type":"input_file","file_id":"sealed:f"}]}',
            b'{"input":[{"type":"input_file","file_id":"f/file_id"}]}',
            id="a file",
        ),
        param(
            b'{"tools":[{"container":{"file_ids":["sealed:a", "sealed:b"]}}]}',
            b'{"tools":[{"container":{"file_ids":["a/file_ids", "b/file_ids"]}}]}',
            id="several",
        ),
        param(b'{"previous_response_id":null}', b'{"previous_response_id":null}', id="null"),
        param(
            rb'{"input":"say {\"file_id\":\"sealed:f\"}"}',
            rb'{"input":"say {\"file_id\":\"sealed:f\"}"}',
            id="in a text",
        ),
        param(rb'{"file_id":"sealed:\u0066"}', b'{"file_id":"f/file_id"}', id="a value in escapes"),
        param(rb'{"input":"\u0066 file_id"}', rb'{"input":"\u0066 file_id"}', id="a text in escapes"),
        param(b'{"file_id":"\xff"}', b'{"file_id":"\xff"}', id="no UTF-8"),
        param(b'{"file_id":{"type":"string"}}', b'{"file_id":{"type":"string"}}', id="a schema"),
    ],
)  # fmt: skip
def test_requests_refer_to_the_provider_s_own_ids(body: bytes, wanted: bytes) -> None:
    assert unsealed(body, opened) == wanted


@mark.parametrize("name", [rb"file\u005fid", rb"\u0066ile_id", rb"previous_response_i\u0064"])
def test_a_reference_does_not_hide_in_escapes(name: bytes) -> None:
    with raises(HiddenReference):
        unsealed(b'{"x":{"%b":"file-abc"}}' % name, opened)


@mark.parametrize(
    "operation, answer, wanted",
    [
        ("files", {"id": "f", "n": 1}, {"id": "sealed:f", "n": 1}),
        (
            "files",
            {"data": [{"id": "f"}, {"id": "g"}], "first_id": "f", "last_id": "g", "has_more": False},
            {
                "data": [{"id": "sealed:f"}, {"id": "sealed:g"}],
                "first_id": "sealed:f",
                "last_id": "sealed:g",
                "has_more": False,
            },
        ),
        ("files", {"data": [], "first_id": None}, {"data": [], "first_id": None}),
        (
            "batches",
            {"id": "b", "input_file_id": "f", "output_file_id": None, "request_counts": {"id": "x"}},
            {"id": "sealed:b", "input_file_id": "sealed:f", "output_file_id": None, "request_counts": {"id": "x"}},
        ),
        (
            "responses",
            {"id": "r", "previous_response_id": "q", "output": [{"id": "msg"}]},
            {"id": "sealed:r", "previous_response_id": "sealed:q", "output": [{"id": "msg"}]},
        ),
    ],
)
def test_answers_have_sealed_ids(operation: str, answer: object, wanted: object) -> None:
    assert json.loads(sealed_answer(json.dumps(answer).encode(), NAMES[operation], seal)) == wanted


@mark.parametrize("body", [b"", b"text", b"[]", b'{"id":', b'{"data":1}', b"\xff", b"[" * 5000])
def test_what_is_no_object_stays_as_it_is(body: bytes) -> None:
    assert sealed_answer(body, ("id",), seal) == body


@mark.parametrize(
    "event, wanted",
    [
        param(b'data: {"id":"c","response":1}\n\n', b'data: {"id":"c","response":1}\n\n', id="another response"),
        param(
            b'event: response.created\n'
            b'data: {"type":"response.created","response":{"id":"r","output":[{"id":"m"}]}}\n\n',
            b'event: response.created\n'
            b'data: {"type":"response.created","response":{"id":"sealed:r","output":[{"id":"m"}]}}\n\n',
            id="a response",
        ),
        param(
            b'data: {"type":"response.output_text.delta","item_id":"m","delta":"x"}\n\n',
            b'data: {"type":"response.output_text.delta","item_id":"m","delta":"x"}\n\n',
            id="a delta",
        ),
        param(b"data: [DONE]\n\n", b"data: [DONE]\n\n", id="the end"),
        param(b": ping\n\n", b": ping\n\n", id="a comment"),
        param(b'data: {"response":\n\n', b'data: {"response":\n\n', id="cut short"),
    ],
)  # fmt: skip
def test_events_have_sealed_ids(event: bytes, wanted: bytes) -> None:
    assert sealed_event(event, ("id", "previous_response_id"), seal) == wanted


def test_chunks_of_a_stored_chat_have_its_sealed_id() -> None:
    event = b'data:{"id":"c","choices":[{"delta":{"tool_calls":[{"type":"function"}]}}]}\r\n\r\n'

    assert sealed_event(event, NAMES["chat"], seal) == (
        b'data: {"id":"sealed:c","choices":[{"delta":{"tool_calls":[{"type":"function"}]}}]}\n\r\n'
    )
