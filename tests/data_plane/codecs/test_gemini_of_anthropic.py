"""State of one provider, carried round by clients of the other's API."""

import json
from typing import Any

from google.genai import types
from pytest import mark

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import CODECS
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import ReasoningStyle, Traits
from tests.fakes.codec_golden import decode, encode, events_of, frames_of, golden
from tests.fakes.gemini_sdk import answer_of, chunks_of, parse_request, request_of
from tests.fakes.sdk_parse import accumulate_anthropic, parse_anthropic_answer

ANTHROPIC, GEMINI = CODECS["anthropic-messages"], CODECS["gemini"]
CALL = Call("gemini", "generate_content", b"/models/m:generateContent", model="m")
BUDGET = Traits(reasoning=ReasoningStyle.BUDGET, max_output_tokens=64_000)
SIGNATURE = "CiEBjz1rX0ilumvPg6k0sMMUtISoQCLJv2bPJ7Vv9r+Xw0o="
HI = types.Content(role="user", parts=[types.Part(text="Hi")])
THINKING = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "Hm. So.", "signature": "EqQB+/=="},
        {"type": "redacted_thinking", "data": "EmwK+/=="},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}


def sent_back(said: list[types.Content]) -> list[Any]:
    """The assistant's turn as Anthropic gets it back from a client with Google's SDK, which keeps what it was told."""
    results = types.Content(
        role="user", parts=[types.Part(function_response=types.FunctionResponse(name="f", id="toolu_1", response={}))]
    )
    body = request_of(contents=[HI, *said, results])
    messages = encode(ANTHROPIC, GEMINI.decode_request(body, CALL), BUDGET)[0]["messages"]
    assert [each["role"] for each in messages] == ["user", "assistant", "user"]
    content: list[Any] = messages[1]["content"]
    return content


def test_signed_thoughts_come_back_to_anthropic_through_googles_sdk() -> None:
    answer = answer_of(GEMINI.encode_response(ANTHROPIC.decode_response(json.dumps(THINKING).encode())))

    said = [each.content for each in answer.candidates or [] if each.content]

    assert sent_back(said) == THINKING["content"]


@mark.parametrize("is_joined", [False, True], ids=["a turn for each chunk", "one turn"])
def test_signed_thoughts_in_pieces_come_back_whole(is_joined: bool) -> None:
    events = [
        ("message_start", {"message": {**THINKING, "content": [], "stop_reason": None}}),
        *_block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            *(_thought(text) for text in ("Hm", ". ", "So.")),
            {"type": "signature_delta", "signature": "EqQB+/=="},
        ),
        *_block(1, {"type": "redacted_thinking", "data": "EmwK+/=="}),
        *_block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "I look."}),
        *_block(
            3,
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"a":'},
            {"type": "input_json_delta", "partial_json": " 1}"},
        ),
        ("message_delta", {"delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
        ("message_stop", {}),
    ]
    stream = "".join(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in events)
    written = frames_of(GEMINI, events_of(ANTHROPIC, stream.encode()), GenerateRequest("gemini", "m", []))
    said = [each.content for chunk in chunks_of(written) for each in chunk.candidates or [] if each.content]
    if is_joined:
        said = [types.Content(role="model", parts=[part for each in said for part in each.parts or []])]

    assert sent_back(said) == THINKING["content"]


def _block(index: int, block: Any, *deltas: Any) -> list[tuple[str, Any]]:
    return [
        ("content_block_start", {"index": index, "content_block": block}),
        *(("content_block_delta", {"index": index, "delta": delta}) for delta in deltas),
        ("content_block_stop", {"index": index}),
    ]


def _thought(text: str) -> Any:
    return {"type": "thinking_delta", "thinking": text}


@mark.parametrize("kind", ["answers", "streams"])
def test_signatures_come_back_to_gemini_through_anthropics_sdk(kind: str) -> None:
    if kind == "answers":
        body = golden("gemini", "answers", "tools")
        said = parse_anthropic_answer(ANTHROPIC.encode_response(GEMINI.decode_response(body)))
    else:
        events = events_of(GEMINI, golden("gemini", "streams", "thinking-tools"))
        said = accumulate_anthropic(frames_of(ANTHROPIC, events, GenerateRequest("anthropic-messages", "m", [])))
    content = [block.model_dump(exclude_none=True) for block in said.content]
    uses = [block["id"] for block in content if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": id, "content": str(n)} for n, id in enumerate(uses)]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": [*reversed(results), {"type": "text", "text": "And?"}]},
    ]

    written, lost = encode(GEMINI, decode(ANTHROPIC, {"model": "m", "max_tokens": 9, "messages": messages}))

    parse_request(written)
    assert lost == []
    assert said.stop_reason == "tool_use"
    calls = [part for part in written["contents"][1]["parts"] if "functionCall" in part]
    assert [part.get("thoughtSignature") for part in calls] == [SIGNATURE, None, None]
    assert [part["functionCall"].get("id") for part in calls] == [None, None, "own-1"]
    answers, asked = written["contents"][2:]
    assert [part["functionResponse"]["response"] for part in answers["parts"]] == [{"output": str(n)} for n in range(3)]
    assert asked == {"role": "user", "parts": [{"text": "And?"}]}
    thoughts = [part for part in written["contents"][1]["parts"] if part.get("thought")]
    wanted = [] if kind == "answers" else [("Hm so", None), ("wait", "AVSoXO4z/8+abQ==")]
    assert [(part["text"], part.get("thoughtSignature")) for part in thoughts] == wanted


def test_results_of_tools_with_pictures_and_errors() -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "is_error": True,
                    "content": [{"type": "text", "text": "Broken"}, picture],
                }
            ],
        },
    ]

    written, lost = encode(GEMINI, decode(ANTHROPIC, {"model": "m", "max_tokens": 9, "messages": messages}))

    assert lost == []
    assert written["contents"][2]["parts"] == [
        {
            "functionResponse": {
                "name": "f",
                "id": "toolu_1",
                "response": {"error": "Broken"},
                "parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}],
            }
        }
    ]


THOUGHT = {
    "a budget": ({"type": "enabled", "budget_tokens": 2048}, {"thinkingBudget": 2048, "includeThoughts": True}),
    "as the model likes": ({"type": "adaptive"}, {"thinkingBudget": -1, "includeThoughts": True}),
    "not shown": ({"type": "adaptive", "display": "omitted"}, {"thinkingBudget": -1, "includeThoughts": False}),
    "off": ({"type": "disabled"}, {"thinkingLevel": "MINIMAL"}),
}


@mark.parametrize(("thinking", "wanted"), THOUGHT.values(), ids=THOUGHT)
def test_thinking_is_worded_as_gemini_does(thinking: Any, wanted: Any) -> None:
    body = {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "Hi"}], "thinking": thinking}

    written, lost = encode(GEMINI, decode(ANTHROPIC, body))

    assert written["generationConfig"] == {"maxOutputTokens": 4096, "thinkingConfig": wanted}
    assert lost == []
