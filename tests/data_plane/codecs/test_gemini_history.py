"""Which call an answer of a function belongs to, and what it says."""

import json
from typing import Any

from pytest import mark

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import CODECS
from data_plane.llm.content import (
    Message,
    Text,
    ToolCall,
    ToolResult,
)
from data_plane.llm.request import (
    GenerateRequest,
)
from tests.fakes.codec_golden import encode

GEMINI = CODECS["gemini"]
CALL = Call("gemini", "generate_content", b"/models/m:generateContent", model="m")
HI: dict[str, Any] = {"role": "user", "parts": [{"text": "Hi"}]}


def read(body: Any, **fields: Any) -> GenerateRequest:
    return GEMINI.decode_request(json.dumps({"contents": [HI], **body, **fields}).encode(), CALL)


def turns(*contents: Any) -> list[Message]:
    return read({"contents": list(contents)}).messages


def user(*parts: Any) -> Any:
    return {"role": "user", "parts": list(parts)}


def model(*parts: Any) -> Any:
    return {"role": "model", "parts": list(parts)}


def call(name: str, args: Any = None, **fields: Any) -> Any:
    return {"functionCall": {"name": name, **({"args": args} if args else {}), **fields}}


def answer(name: str, response: Any, **fields: Any) -> Any:
    return {"functionResponse": {"name": name, "response": response, **fields}}


def test_calls_without_ids_find_their_answers_by_name_and_order() -> None:
    messages = turns(
        HI,
        model(call("f", {"a": 1}), call("g"), call("f", {"a": 1}), call("f", {"a": 2})),
        user(answer("f", {"n": 1}), answer("f", {"n": 2}), answer("g", {"n": 3}), answer("f", {"n": 4})),
    )

    calls = [part.id for part in messages[1].parts if isinstance(part, ToolCall)]
    results = [part.call_id for part in messages[2].parts if isinstance(part, ToolResult)]
    assert len(set(calls)) == 4
    assert results == [calls[0], calls[2], calls[1], calls[3]]


def test_ids_do_not_change_while_the_conversation_grows() -> None:
    first = [HI, model(call("f", {"a": 1}), call("f", {"a": 1})), user(answer("f", {}), answer("f", {}))]
    later = [*first, model(call("f", {"a": 1})), user(answer("f", {}))]

    ids = [
        [part.id for each in turns(*talk) for part in each.parts if isinstance(part, ToolCall)]
        for talk in (first, later)
    ]

    assert ids[1][:2] == ids[0]
    assert len(set(ids[1])) == 3


def test_ids_find_their_answers_out_of_order() -> None:
    messages = turns(
        HI, model(call("f", id="a"), call("f", id="b")), user(answer("f", {}, id="b"), answer("f", {}, id="a"))
    )

    assert [part.call_id for part in messages[2].parts if isinstance(part, ToolResult)] == ["b", "a"]


def test_an_id_that_the_client_made_belongs_to_the_call_without_one() -> None:
    messages = turns(HI, model(call("f")), user(answer("f", {}, id="mine")))

    called, result = messages[1].parts[0], messages[2].parts[0]
    assert isinstance(called, ToolCall)
    assert isinstance(result, ToolResult)
    assert result.call_id == called.id


def test_an_answer_that_goes_on_leaves_its_call_open() -> None:
    messages = turns(HI, model(call("f")), user(answer("f", {"n": 1}, willContinue=True)), user(answer("f", {"n": 2})))

    ids = {part.call_id for each in messages[2:] for part in each.parts if isinstance(part, ToolResult)}
    assert len(ids) == 1


ANSWERS = {
    "an object": ({"n": 1}, '{"n": 1}', False),
    "output": ({"output": "text"}, "text", False),
    "error": ({"error": "text"}, "text", True),
    "output that is an object": ({"output": {"n": 1}}, '{"output": {"n": 1}}', False),
    "error that is an object": ({"error": {"n": 1}}, '{"n": 1}', True),
    "output beside more": ({"output": "a", "n": 1}, '{"output": "a", "n": 1}', False),
    "output that looks like an object": ({"output": "{}"}, '{"output": "{}"}', False),
    "error that looks like an object": ({"error": "{}"}, '{"error": "{}"}', False),
    "nothing": ({}, "{}", False),
}


@mark.parametrize(("response", "text", "is_error"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_function_gave_back_is_read_and_written_again(response: Any, text: str, is_error: bool) -> None:
    request = read({"contents": [HI, model(call("f")), user(answer("f", response))]})

    result = request.messages[2].parts[0]
    assert isinstance(result, ToolResult)
    assert (result.content, result.is_error) == ([Text(text)], is_error)
    body, _ = encode(GEMINI, request)
    assert body["contents"][2]["parts"] == [answer("f", response)]
