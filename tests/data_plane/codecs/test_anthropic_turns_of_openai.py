"""Messages of OpenAI's chat, for Anthropic's."""

import json
from typing import Any

from pytest import mark, param, raises

from data_plane.errors import UnmappableFields
from data_plane.llm.loss import Losses
from data_plane.llm.traits import UNKNOWN, Traits
from tests.fakes.codec_golden import decode
from tests.fakes.translation import (
    ADAPTIVE,
    ANTHROPIC,
    BUDGET,
    OPENAI,
    PNG,
    PREFILL,
    TOOL,
    USER,
    call,
    result,
    text,
    to_anthropic,
    use,
)

# Messages of OpenAI; the system prompt and turns of Anthropic.
TURNS = {
    "one turn": ([USER], None, [USER]),
    "system first": ([{"role": "system", "content": "S"}, USER], "S", [USER]),
    "system and developer keep their order": (
        [{"role": "system", "content": "S"}, {"role": "developer", "content": [text("D")]}, USER],
        [text("S"), text("D")],
        [USER],
    ),
    "a later system turn becomes what the user says": (
        [
            USER,
            {"role": "assistant", "content": "A"},
            {"role": "system", "content": "S"},
            {"role": "user", "content": "B"},
        ],
        None,
        [
            USER,
            {"role": "assistant", "content": "A"},
            {"role": "user", "content": [text("<system>\nS\n</system>"), text("B")]},
        ],
    ),
    "nothing but instructions": ([{"role": "system", "content": "S"}], None, [{"role": "user", "content": "S"}]),
    "turns in a row are merged": (
        [
            USER,
            {"role": "user", "content": "you"},
            {"role": "assistant", "content": "A"},
            {"role": "user", "content": "B"},
        ],
        None,
        [
            {"role": "user", "content": [text("Hi"), text("you")]},
            {"role": "assistant", "content": "A"},
            {"role": "user", "content": "B"},
        ],
    ),
    "results of parallel calls are one turn, and first in it": (
        [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [call("call_1", '{"a": 1.50}'), call("call_2", "")]},
            {"role": "tool", "tool_call_id": "call_1", "content": "one"},
            {"role": "tool", "tool_call_id": "call_2", "content": [text("t"), text("wo")]},
            {"role": "user", "content": "Go on"},
        ],
        None,
        [
            USER,
            {"role": "assistant", "content": [use("call_1", {"a": 1.5}), use("call_2")]},
            {
                "role": "user",
                "content": [result("call_1", "one"), result("call_2", [text("t"), text("wo")]), text("Go on")],
            },
        ],
    ),
    "results that come late move to the front": (
        [
            USER,
            {"role": "assistant", "tool_calls": [call("a"), call("b")]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "user", "content": "and?"},
            {"role": "tool", "tool_call_id": "b", "content": "2"},
        ],
        None,
        [
            USER,
            {"role": "assistant", "content": [use("a"), use("b")]},
            {"role": "user", "content": [result("a", "1"), result("b", "2"), text("and?")]},
        ],
    ),
    "empty text is left out": (
        [{"role": "user", "content": [text(""), text("Hi")]}, {"role": "assistant", "content": ""}, USER],
        None,
        [{"role": "user", "content": [text("Hi"), text("Hi")]}],
    ),
    "blank text stands beside other text only": (
        [
            {"role": "user", "content": [text(" "), text("Hi")]},
            {"role": "assistant", "content": "\n", "tool_calls": [call("a")]},
            {"role": "tool", "tool_call_id": "a", "content": ""},
        ],
        None,
        [
            {"role": "user", "content": [text(" "), text("Hi")]},
            {"role": "assistant", "content": [use("a")]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]},
        ],
    ),
    "ids of other shape are replaced, in call and result alike": (
        [
            USER,
            {"role": "assistant", "tool_calls": [call("functions.f:0"), call("functions.f.0")]},
            {"role": "tool", "tool_call_id": "functions.f:0", "content": "1"},
            {"role": "tool", "tool_call_id": "functions.f.0", "content": "2"},
        ],
        None,
        [
            USER,
            {"role": "assistant", "content": [use("functions_f_0_b9a7d792"), use("functions_f_0_970900c7")]},
            {"role": "user", "content": [result("functions_f_0_b9a7d792", "1"), result("functions_f_0_970900c7", "2")]},
        ],
    ),
    "arguments that are no object are put into one": (
        [
            USER,
            {"role": "assistant", "tool_calls": [call("a", '{"cut": "sho'), call("b", "[1]")]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": "2"},
        ],
        None,
        [
            USER,
            {
                "role": "assistant",
                "content": [use("a", {"arguments": '{"cut": "sho'}), use("b", {"arguments": "[1]"})],
            },
            {"role": "user", "content": [result("a", "1"), result("b", "2")]},
        ],
    ),
    "a refusal is text": (
        [USER, {"role": "assistant", "refusal": "No."}, USER],
        None,
        [USER, {"role": "assistant", "content": "No."}, USER],
    ),
    "thoughts that nobody signed are dropped": (
        [USER, {"role": "assistant", "content": "A", "reasoning_content": "Hm"}, USER],
        None,
        [USER, {"role": "assistant", "content": "A"}, USER],
    ),
    "white space at the end of a prefill goes": (
        [USER, {"role": "assistant", "content": "The answer is \n"}],
        None,
        [USER, {"role": "assistant", "content": "The answer is"}],
    ),
    "white space in pieces at the end of a prefill goes": (
        [USER, {"role": "assistant", "content": [text("The "), text(" "), text("\n")]}],
        None,
        [USER, {"role": "assistant", "content": "The"}],
    ),
    "a prefill of white space is none": ([USER, {"role": "assistant", "content": " "}], None, [USER]),
    "pictures and files": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "high"}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                    {
                        "type": "file",
                        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
                    },
                    {"type": "file", "file": {"file_data": "data:text/csv;base64,YSxi"}},
                ],
            }
        ],
        None,
        [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                        "title": "a.pdf",
                    },
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}},
                ],
            }
        ],
    ),
}


@mark.parametrize(("messages", "system", "turns"), TURNS.values(), ids=TURNS)
def test_messages_become_turns(messages: Any, system: Any, turns: Any) -> None:
    body, lost = to_anthropic({"messages": messages})

    assert body["messages"] == turns
    assert body.get("system") == system
    assert lost == []


def test_a_model_that_takes_later_instructions_gets_them_where_they_apply() -> None:
    later = {"role": "system", "content": "S"}
    answer = {"role": "assistant", "content": "A"}
    traits = Traits(takes_later_system=True)

    assert to_anthropic({"messages": [USER, later, answer, USER, later]}, traits)[0]["messages"] == [
        USER,
        later,
        answer,
        USER,
        later,
    ]
    body, _ = to_anthropic({"messages": [USER, answer, later, USER]}, traits)
    assert body["messages"][2] == {"role": "user", "content": [text("<system>\nS\n</system>"), text("Hi")]}
    body, _ = to_anthropic({"messages": [USER, answer, later]}, traits)
    assert body["messages"][2] == {"role": "user", "content": "<system>\nS\n</system>"}


LOST_PARTS = {
    "sound": {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
    "a file of OpenAI's": {"type": "file", "file": {"file_id": "file-1"}},
    "a picture of another kind": {"type": "image_url", "image_url": {"url": "data:image/bmp;base64,Qk0="}},
    "a link that is none": {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
    "a part nobody knows": {"type": "hologram", "hologram": {}},
    "text that is none": {"type": "file", "file": {"file_data": "data:text/csv;base64,/w=="}},
    "a file of another kind": {"type": "file", "file": {"file_data": "data:application/zip;base64,UEs="}},
}


@mark.parametrize("part", LOST_PARTS.values(), ids=LOST_PARTS)
def test_parts_without_an_equivalent_are_named(part: Any) -> None:
    body, lost = to_anthropic({"messages": [USER, {"role": "user", "content": [text("See"), part], "name": "ann"}]})

    assert body["messages"] == [{"role": "user", "content": [text("Hi"), text("See")]}]
    assert lost == ["messages[1].name", "messages[1].content[1]"]


def test_fields_of_messages_that_only_openai_has_are_named() -> None:
    spoken: Any = {
        "role": "assistant",
        "content": "A",
        "audio": {"id": "audio_1"},
        "annotations": [],
        "function_call": None,
    }

    assert to_anthropic({"messages": [USER, spoken, USER]})[1] == ["messages[1].audio"]


def test_losses_are_refused_unless_allowed() -> None:
    losses = Losses()
    ANTHROPIC.encode_request(decode(OPENAI, {"model": "m", "messages": [USER], "seed": 1}), UNKNOWN, losses)

    losses.check(is_allowed=True)
    with raises(UnmappableFields, match="`seed`"):
        losses.check(is_allowed=False)


def test_low_detail_is_named_but_the_picture_stays() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
    body, lost = to_anthropic({"messages": [{"role": "user", "content": [image]}]})

    assert body["messages"][0]["content"][0]["source"]["url"] == "https://example.com/a.png"
    assert lost == ["messages[0].content[0].detail"]


def test_a_model_without_prefill_is_not_given_one() -> None:
    body, lost = to_anthropic({"messages": PREFILL}, Traits(takes_prefill=False))

    assert body["messages"] == [USER]
    assert lost == ["messages[1]"]


def test_prefill_goes_before_thought() -> None:
    body, lost = to_anthropic({"messages": PREFILL, "reasoning_effort": "low"}, ADAPTIVE)

    assert "thinking" not in body
    assert lost == ["reasoning_effort"]


CALLED = [
    USER,
    {"role": "assistant", "tool_calls": [call("a")]},
    {"role": "tool", "tool_call_id": "a", "content": "1"},
]


@mark.parametrize(("traits", "thinks"), [param(BUDGET, False, id="by number"), param(ADAPTIVE, True, id="as it likes")])
def test_results_of_calls_whose_thought_is_lost(traits: Traits, thinks: bool) -> None:
    """Who thinks by number must be given the thought before the calls back."""
    body, lost = to_anthropic({"messages": CALLED, "tools": [TOOL], "reasoning_effort": "low"}, traits)

    assert ("thinking" in body) == thinks
    assert lost == ([] if thinks else ["reasoning_effort"])


def test_tools_of_past_calls_are_offered_but_not_called() -> None:
    body, lost = to_anthropic({"messages": CALLED})

    assert body["tools"] == [{"name": "f", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "none"}
    assert lost == []


def test_signed_thoughts_come_back_to_anthropic_through_a_client_of_openai() -> None:
    content = [
        {"type": "thinking", "thinking": "Hm.", "signature": "EqQB+/=="},
        {"type": "redacted_thinking", "data": "EmwK+/=="},
        use("toolu_1", {"a": 1}),
    ]
    answer: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content}
    answer |= {"stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 2}}
    said = json.loads(OPENAI.encode_response(ANTHROPIC.decode_response(json.dumps(answer).encode())))

    message = said["choices"][0]["message"]
    results = [{"role": "tool", "tool_call_id": "toolu_1", "content": "1"}]
    body, lost = to_anthropic(
        {"messages": [USER, message, *results], "tools": [TOOL], "reasoning_effort": "low"}, BUDGET
    )

    assert message["reasoning_content"] == "Hm."
    assert body["messages"][1]["content"] == content
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 1_024}
    assert lost == []
