"""Requests of Gemini's API, for a provider of OpenAI's."""

from typing import Any

from pytest import mark

from data_plane.codecs.foreign_state import PREFIX
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.gemini_translation import (
    CONFIG,
    SIGNATURE,
    TOOL,
    F,
    answered,
    called,
    model,
    text,
    to_openai,
    user,
)

SIGNED = Traits(takes_unsigned_calls=False)


def test_a_conversation_of_geminis_is_one_of_openais() -> None:
    body, lost = to_openai(
        {
            "systemInstruction": {"parts": [text("S")]},
            "contents": [
                user(text("See"), {"inlineData": {"mimeType": "image/png", "data": "__77"}}),
                model(
                    text("I look."), {"functionCall": {"name": "f", "args": {"n": 1}}}, {"functionCall": {"name": "f"}}
                ),
                {
                    "role": "function",
                    "parts": [
                        {"functionResponse": {"name": "f", "response": {"output": "one"}}},
                        {"functionResponse": {"name": "f", "response": {"error": "none"}}},
                    ],
                },
            ],
        }
    )

    system, first, asked, one, none = body["messages"]
    assert system == {"role": "system", "content": "S"}
    assert first["content"][1]["image_url"]["url"] == "data:image/png;base64,//77"
    ids = [each["id"] for each in asked["tool_calls"]]
    assert len(set(ids)) == 2
    assert [each["function"]["arguments"] for each in asked["tool_calls"]] == ['{"n": 1}', "{}"]
    assert (one["tool_call_id"], one["content"]) == (ids[0], "one")
    assert (none["tool_call_id"], none["content"]) == (ids[1], "error: none")
    assert lost == []


@mark.parametrize(
    ("traits", "extra"), [(UNKNOWN, None), (SIGNED, {"google": {"thought_signature": SIGNATURE}, "gateway": PREFIX})]
)
def test_a_signature_goes_to_models_alone_that_want_it_back(traits: Traits, extra: object) -> None:
    signed = {**called("f", {}, "c"), "thoughtSignature": SIGNATURE}

    body, lost = to_openai({"contents": [user(text("Hi")), model(signed), user(answered("f", {}, "c"))]}, traits)

    assert body["messages"][1]["tool_calls"][0].get("extra_content") == extra
    assert lost == []


OWN_OPTIONS = {
    "limits": (
        {CONFIG: {"maxOutputTokens": 9, "candidateCount": 2, "stopSequences": ["a"], "temperature": 0.5, "topP": 0.5}},
        {"max_completion_tokens": 9, "n": 2, "stop": ["a"], "temperature": 0.5, "top_p": 0.5},
        [],
    ),
    "any tool": (
        {"tools": [{"functionDeclarations": [F]}], "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
        {"tools": [TOOL], "tool_choice": "required"},
        [],
    ),
    "schemas in Gemini's words": (
        {
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {}}}]}],
            CONFIG: {"responseMimeType": "application/json", "responseSchema": {"type": "STRING", "nullable": True}},
        },
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": ["string", "null"]}},
            },
        },
        [],
    ),
    "thinking": ({CONFIG: {"thinkingConfig": {"thinkingLevel": "HIGH"}}}, {"reasoning_effort": "high"}, []),
    "thinking off": ({CONFIG: {"thinkingConfig": {"thinkingBudget": 0}}}, {"reasoning_effort": "none"}, []),
    "text alone": ({CONFIG: {"responseModalities": ["TEXT"]}}, {}, []),
    "what has no equivalent": (
        {
            CONFIG: {"speechConfig": {}, "responseModalities": ["AUDIO"]},
            "tools": [{"googleSearch": {}}],
            "safetySettings": [{}],
            "cachedContent": "c",
        },
        {},
        [
            "tools[0]",
            "safetySettings",
            "cachedContent",
            "generationConfig.responseModalities",
            "generationConfig.speechConfig",
        ],
    ),
}


@mark.parametrize(("fields", "wanted", "lost"), OWN_OPTIONS.values(), ids=OWN_OPTIONS)
def test_options_are_worded_as_openai_does(fields: Any, wanted: Any, lost: list[str]) -> None:
    body, dropped = to_openai(fields)

    assert body == {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **wanted}
    assert sorted(dropped) == sorted(lost)
