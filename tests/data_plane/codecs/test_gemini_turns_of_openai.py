"""Messages of OpenAI's chat, for a provider of Gemini's API."""

import json
from typing import Any

from pytest import mark

from data_plane.llm.loss import Losses
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.codec_golden import decode, events_of, frames_of, golden
from tests.fakes.gemini_translation import (
    GEMINI,
    HI,
    OPENAI,
    SIGNATURE,
    USER,
    answered,
    call,
    called,
    calls,
    model,
    result,
    text,
    to_gemini,
    user,
)
from tests.fakes.sdk_parse import accumulate_openai

# Messages of OpenAI; instructions and contents of Gemini.
TURNS = {
    "instructions in order": (
        [{"role": "system", "content": "S"}, {"role": "developer", "content": "D"}, USER],
        [text("S"), text("D")],
        [HI],
    ),
    "later instructions are what the user says": (
        [USER, {"role": "assistant", "content": "A"}, {"role": "system", "content": "S"}, USER],
        None,
        [HI, model(text("A")), user(text("<system>\nS\n</system>"), text("Hi"))],
    ),
    "nothing but instructions": ([{"role": "system", "content": "S"}], None, [user(text("S"))]),
    "turns in a row are merged": (
        [USER, USER, {"role": "assistant", "content": "A"}, {"role": "assistant", "content": "B"}, USER],
        None,
        [user(text("Hi"), text("Hi")), model(text("A"), text("B")), HI],
    ),
    "nothing said is not said": (
        [USER, {"role": "assistant", "content": ""}, {"role": "user", "content": ""}, USER],
        None,
        [user(text("Hi"), text("Hi"))],
    ),
    "answers stand together, in the order of their calls": (
        [USER, calls(call("a", '{"n":1.0}'), call("b", "", "g")), result("b", "two"), result("a", '{"x": 1}'), USER],
        None,
        [
            HI,
            model(called("f", {"n": 1.0}, "a"), called("g", {}, "b")),
            user(answered("f", {"x": 1}, "a"), answered("g", {"output": "two"}, "b")),
            HI,
        ],
    ),
    "an answer in pieces": (
        [USER, calls(call("a")), result("a", [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}])],
        None,
        [HI, model(called("f", {}, "a")), user(answered("f", {"output": "1\n2"}, "a"))],
    ),
    "arguments that are no JSON": (
        [USER, calls(call("a", '{"n":')), result("a", "")],
        None,
        [HI, model(called("f", {"input": '{"n":'}, "a")), user(answered("f", {"output": ""}, "a"))],
    ),
    "what was refused": (
        [USER, {"role": "assistant", "content": None, "refusal": "No."}, USER],
        None,
        [HI, model(text("No.")), HI],
    ),
    "thoughts of others": (
        [USER, {"role": "assistant", "content": "A", "reasoning_content": "Hm"}, USER],
        None,
        [HI, model(text("A")), HI],
    ),
    "pictures and files": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.WEBP?x=1", "detail": "high"}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a"}},
                    {
                        "type": "file",
                        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
                    },
                    {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
                ],
            }
        ],
        None,
        [
            user(
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                {"fileData": {"mimeType": "image/webp", "fileUri": "https://example.com/a.WEBP?x=1"}},
                {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a"}},
                {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
                {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}},
            )
        ],
    ),
}


@mark.parametrize(("messages", "system", "contents"), TURNS.values(), ids=TURNS)
def test_messages_become_contents(messages: Any, system: Any, contents: Any) -> None:
    body, lost = to_gemini({"messages": messages})

    assert body["contents"] == contents
    assert body.get("systemInstruction", {}).get("parts") == system
    assert lost == []


LOST_PARTS = {
    "a file of OpenAI's": {"type": "file", "file": {"file_id": "file-1"}},
    "a part nobody knows": {"type": "hologram", "hologram": {}},
}


@mark.parametrize("part", LOST_PARTS.values(), ids=LOST_PARTS)
def test_parts_without_an_equivalent_are_named(part: Any) -> None:
    words = {"type": "text", "text": "See"}
    body, lost = to_gemini({"messages": [{"role": "user", "content": [words, part], "name": "ann"}]})

    assert body["contents"] == [user(text("See"))]
    assert lost == ["messages[0].name", "messages[0].content[1]"]


def test_arguments_stay_byte_for_byte() -> None:
    arguments = '{ "n": 1.50, "s": "\\u00e9 \\"", "big": 12345678901234567890123 }'
    request = decode(OPENAI, {"model": "m", "messages": [USER, calls(call("a", arguments)), result("a", arguments)]})

    written = GEMINI.encode_request(request, UNKNOWN, Losses()).decode()

    assert f'"args":{arguments}' in written
    assert f'"response":{arguments}' in written


def test_calls_without_a_signature_are_excused_where_one_is_needed() -> None:
    needs = Traits(takes_unsigned_calls=False)
    signed = call("c", extra_content={"google": {"thought_signature": SIGNATURE}})
    messages = [USER, calls(call("a"), call("b")), result("a", "1"), result("b", "2"), calls(signed), result("c", "3")]

    body, _ = to_gemini({"messages": messages}, needs)

    signatures = [part.get("thoughtSignature") for each in body["contents"] for part in each["parts"]]
    assert signatures == [None, "skip_thought_signature_validator", None, None, None, SIGNATURE, None]
    assert "thoughtSignature" not in json.dumps(to_gemini({"messages": messages[:4]})[0])


def _openai_stream(name: str) -> bytes:
    asked = GenerateRequest("openai-chat", "m", [], stream=True)
    return frames_of(OPENAI, events_of(GEMINI, golden("gemini", "streams", name)), asked)


def test_a_signed_call_comes_back_to_gemini_through_a_client_of_openai() -> None:
    said = json.loads(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "tools"))))
    streamed = accumulate_openai(_openai_stream("thinking-tools")).model_dump(exclude_none=True)
    for choice in (said["choices"][0], streamed["choices"][0]):
        assert choice["finish_reason"] == "tool_calls"
        message = choice["message"]
        results = [result(each["id"], json.dumps({"n": n})) for n, each in enumerate(message["tool_calls"])]

        body, lost = to_gemini({"messages": [USER, message, *reversed(results)]})

        parts = body["contents"][1]["parts"]
        first, second, third = [part for part in parts if "functionCall" in part]
        assert first["thoughtSignature"] == SIGNATURE
        assert "thoughtSignature" not in second
        assert ["id" in each["functionCall"] for each in (first, second, third)] == [False, False, True]
        responses = [part["functionResponse"] for part in body["contents"][2]["parts"]]
        assert [each["response"] for each in responses] == [{"n": 0}, {"n": 1}, {"n": 2}]
        assert [each.get("id") for each in responses] == [None, None, "own-1"]
        assert lost == []


def test_signed_thoughts_come_back_to_gemini_through_a_client_of_openai() -> None:
    said = json.loads(OPENAI.encode_response(GEMINI.decode_response(golden("gemini", "answers", "thinking"))))
    message = said["choices"][0]["message"]

    body, _ = to_gemini({"messages": [USER, message, USER]})

    assert message["reasoning_content"] == "Hmso"
    assert {"text": "so", "thought": True, "thoughtSignature": SIGNATURE} in body["contents"][1]["parts"]
