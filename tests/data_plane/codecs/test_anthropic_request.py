"""What Anthropic's messages refuse of a client, and what is written for a provider of the same API."""

import json
from typing import Any

from pytest import mark, raises

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import CODECS
from data_plane.errors import BadRequest
from data_plane.llm.content import CacheMark, Opaque, Role, Text, Thought
from data_plane.llm.loss import Losses
from data_plane.llm.request import Effort, OpaqueTool, Reasoning
from data_plane.llm.traits import ReasoningStyle, Traits
from tests.fakes.codec_golden import decode, encode
from tests.fakes.sdk_parse import parse_anthropic_request
from tests.fakes.translation import ADAPTIVE, BUDGET, NO_THOUGHT, PREFILL, USER, F, result, text, use

ANTHROPIC = CODECS["anthropic-messages"]
COUNT = Call("anthropic", "count_tokens", b"/messages/count_tokens")


def request(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 2_000, "messages": [USER], **fields}


def block(**fields: Any) -> dict[str, Any]:
    return request(messages=[{"role": "user", "content": [fields]}])


# What a client sends; what the refusal names.
REFUSED: dict[str, tuple[Any, str]] = {
    "no limit": ({"model": "m", "messages": [USER]}, "`max_tokens` is required"),
    "a limit below 0": (request(max_tokens=-1), "`max_tokens` must be greater"),
    "a limit of another type": (request(max_tokens="9"), "`max_tokens` must be an integer"),
    "no messages": (request(messages=None), "`messages` is required, and must not be empty"),
    "empty messages": (request(messages=[]), "`messages` is required, and must not be empty"),
    "messages of another type": (request(messages={}), "`messages` must be an array"),
    "a message of another type": (request(messages=[USER, "Hi"]), r"`messages\[1\]` must be an object"),
    "no role": (request(messages=[{"content": "Hi"}]), r"`messages\[0\].role` is required"),
    "another role": (request(messages=[{"role": "tool", "content": "Hi"}]), r"`messages\[0\].role` must be one of"),
    "no content": (request(messages=[USER, {"role": "user"}]), r"`messages\[1\].content` is required"),
    "content of another type": (request(messages=[{"role": "user", "content": 1}]), r"`messages\[0\].content` must be"),
    "system of other blocks": (request(system=[use("t")]), "`system` must be a string or an array of text blocks"),
    "a later system turn of other blocks": (
        request(messages=[USER, {"role": "system", "content": [use("t")]}]),
        r"`messages\[1\].content` must be a string or an array of text blocks",
    ),
    "a block without a type": (block(text="Hi"), r"`messages\[0\].content\[0\].type` is required"),
    "text without text": (block(type="text"), r"`messages\[0\].content\[0\].text` is required"),
    "a cache mark of another age": (
        block(type="text", text="Hi", cache_control={"type": "ephemeral", "ttl": "2h"}),
        r"`messages\[0\].content\[0\].cache_control.ttl` must be one of 1h, 5m",
    ),
    "an image without a source": (block(type="image"), r"`messages\[0\].content\[0\].source` is required"),
    "a source without data": (
        block(type="image", source={"type": "base64", "media_type": "image/png"}),
        r"`messages\[0\].content\[0\].source.data` is required",
    ),
    "a result without its call": (block(type="tool_result", content="1"), r"tool_use_id` is required"),
    "a call without a name": (block(type="tool_use", id="t", input={}), r"name` is required"),
    "a temperature out of range": (request(temperature=1.1), "`temperature` must be between 0 and 1"),
    "a tool without a schema": (request(tools=[{"name": "f"}]), r"`tools\[0\].input_schema` is required"),
    "a choice without a type": (request(tool_choice={}), "`tool_choice.type` is required"),
    "another choice": (request(tool_choice={"type": "required"}), "`tool_choice.type` must be one of"),
    "a choice without a name": (request(tool_choice={"type": "tool"}), "`tool_choice.name` is required"),
    "thought without a type": (request(thinking={}), "`thinking.type` is required"),
    "thought without a number": (request(thinking={"type": "enabled"}), "`thinking.budget_tokens` must be greater"),
    "too little thought": (request(thinking={"type": "enabled", "budget_tokens": 1023}), "or equal to 1024"),
    "another display": (request(thinking={"type": "adaptive", "display": "raw"}), "`thinking.display` must be one of"),
    "another effort": (request(output_config={"effort": "minimal"}), "`output_config.effort` must be one of"),
    "another format": (request(output_config={"format": {"type": "xml"}}), "`output_config.format.type` must be"),
    "a format without a schema": (request(output_config={"format": {"type": "json_schema"}}), "schema` is required"),
    "no JSON": (b"{", "not a JSON object"),
    "a field twice": (b'{"model":"a","model":"b"}', "`model` stands twice"),
}


@mark.parametrize(("body", "names"), REFUSED.values(), ids=REFUSED)
def test_what_the_api_would_refuse_is_refused_by_name(body: Any, names: str) -> None:
    with raises(BadRequest, match=names):
        decode(ANTHROPIC, body)


def test_to_count_tokens_needs_no_limit() -> None:
    body = {"model": "m", "system": "S", "messages": [USER], "tools": [F]}

    counted = ANTHROPIC.decode_request(json.dumps(body).encode(), COUNT)

    assert [message.role for message in counted.messages] == [Role.SYSTEM, Role.USER]
    assert counted.max_output_tokens is None


def test_what_is_opaque_stays_so() -> None:
    source = {"type": "content", "content": [text("a")]}
    found = decode(ANTHROPIC, block(type="document", source=source)).messages[0].parts[0]
    tool = decode(ANTHROPIC, request(tools=[{"type": "bash_20250124", "name": "bash"}])).tools[0]

    assert isinstance(found, Opaque)
    assert found.kind == "document"
    assert isinstance(tool, OpaqueTool)
    assert json.loads(bytes(tool.raw)) == {"type": "bash_20250124", "name": "bash"}


def test_cache_marks_are_read() -> None:
    parts = decode(ANTHROPIC, block(**text("Hi", cache_control={"type": "ephemeral", "ttl": "1h"}))).messages[0].parts
    assert parts == [Text("Hi", CacheMark(3600))]


def test_a_thought_that_nobody_signed_has_no_api() -> None:
    assert decode(ANTHROPIC, block(type="thinking", thinking="Hm", signature="")).messages[0].parts == [Thought("Hm")]


def own(traits: Traits = ADAPTIVE, **fields: Any) -> Any:
    body, lost = encode(ANTHROPIC, decode(ANTHROPIC, request(**fields)), traits)
    parse_anthropic_request(body)
    assert lost == []
    return body


def test_a_budget_becomes_effort_for_a_model_that_knows_no_budget() -> None:
    body = own(max_tokens=30_000, thinking={"type": "enabled", "budget_tokens": 20_000})

    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": "high"}


def test_thought_as_the_model_likes_becomes_a_budget_where_it_must() -> None:
    body = own(BUDGET, max_tokens=30_000, thinking={"type": "adaptive", "display": "summarized"})

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 16_384, "display": "summarized"}


def test_thought_is_named_where_a_model_cannot() -> None:
    body, lost = encode(ANTHROPIC, decode(ANTHROPIC, request(thinking={"type": "adaptive"})), NO_THOUGHT)

    assert "thinking" not in body
    assert lost == ["thinking"]


@mark.parametrize("budget", [100, 1_999, 5_000])
def test_a_budget_of_another_api_is_within_the_limits(budget: int) -> None:
    asked = decode(ANTHROPIC, request())
    asked.api, asked.reasoning = "gemini", Reasoning(budget_tokens=budget)

    body, lost = encode(ANTHROPIC, asked, BUDGET)

    assert 1_024 <= body["thinking"]["budget_tokens"] < body["max_tokens"]
    assert lost == []


def test_effort_beside_a_budget_stays() -> None:
    body = own(
        Traits(),
        max_tokens=30_000,
        thinking={"type": "enabled", "budget_tokens": 2_000},
        output_config={"effort": "high"},
    )

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2_000}
    assert body["output_config"] == {"effort": "high"}


def test_effort_of_an_api_is_read() -> None:
    asked = decode(ANTHROPIC, request(thinking={"type": "adaptive"}, output_config={"effort": "max"}))
    assert asked.reasoning == Reasoning(Effort.MAX, is_adaptive=True)


def test_fields_of_a_message_that_nobody_knows_stay() -> None:
    turns = [{**USER, "priority": 1}]
    assert own(messages=turns)["messages"] == turns


def test_what_is_opaque_keeps_its_bytes() -> None:
    raw = b'{"type":"server_tool_use","id":"s","name":"n","input":{"a":1.50,"b":[1e3]}}'
    head, tail = json.dumps(request(messages=[])).encode().split(b'"messages": []')
    body = head + b'"messages":[{"role":"assistant","content":[' + raw + b']},{"role":"user","content":"Go"}]' + tail

    assert raw in ANTHROPIC.encode_request(decode(ANTHROPIC, body), Traits(), Losses())


def test_a_client_of_the_same_api_may_know_more_kinds_of_pictures() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/heic", "data": "AAAA"}}
    body, lost = encode(ANTHROPIC, decode(ANTHROPIC, block(**image)))

    assert body["messages"][0]["content"] == [image]
    assert lost == []


def test_results_come_first_in_their_turn() -> None:
    turns = [
        USER,
        {"role": "assistant", "content": [use("a")]},
        {"role": "user", "content": [text("So:"), result("a", "1")]},
    ]
    assert own(messages=turns)["messages"][2]["content"] == [result("a", "1"), text("So:")]


def test_an_interrupted_turn_is_no_prefill() -> None:
    server = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}}
    turns = [USER, {"role": "assistant", "content": [text("Searching "), server]}]

    assert own(Traits(takes_prefill=False), messages=turns)["messages"] == turns


def test_prefill_and_thought_of_the_same_api_are_left_to_the_provider() -> None:
    body = own(messages=PREFILL, thinking={"type": "adaptive"})

    assert body["messages"] == PREFILL
    assert body["thinking"] == {"type": "adaptive"}


def test_a_model_that_takes_no_thought_is_not_told_to_stop() -> None:
    assert "thinking" not in own(Traits(reasoning=ReasoningStyle.NONE), thinking={"type": "disabled"})
