"""What Bedrock's Converse refuses, of the bodies of requests.

Sources: the service model of bedrock-runtime (2023-09-30), and messages of its `ValidationException`.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

FIELDS = {
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "inferenceConfig",
    "messages",
    "outputConfig",
    "requestMetadata",
    "serviceTier",
    "system",
    "toolConfig",
}
LIMITS = {"maxTokens", "stopSequences", "temperature", "topP"}
BLOCKS = {"audio", "cachePoint", "document", "image", "reasoningContent", "text", "toolResult", "toolUse"}
IN_RESULTS = {"document", "image", "text"}
ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
TITLE = re.compile(r"(?!.*\s\s)[a-zA-Z0-9\s()\[\]-]{1,200}")
EFFORTS = {"low", "medium", "high", "xhigh", "max"}


def assert_accepted(body: dict[str, Any]) -> None:
    """All of it."""
    assert set(body) <= FIELDS, set(body) - FIELDS
    assert {"messages"} <= set(body)
    _check_turns(body["messages"])
    for block in body.get("system", []):
        assert len(block) == 1 and set(block) <= {"text", "cachePoint"}, block
        assert block.get("text", "x").strip()
    _check_calls(body["messages"])
    _check_tools(body)
    _check_options(body)
    titles = [each["document"]["name"] for each in _blocks(body) if "document" in each]
    assert len(titles) == len(set(titles)), titles


def _blocks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for message in body["messages"]:
        for block in message["content"]:
            yield block
            yield from block.get("toolResult", {}).get("content", [])


def _check_turns(messages: list[dict[str, Any]]) -> None:
    assert messages and messages[0]["role"] == "user", "A conversation must start with a user message"
    roles = [message["role"] for message in messages if message["role"] != "system"]
    assert all(first != second for first, second in pairwise(roles)), roles
    for message in messages:
        kinds = [kind for block in message["content"] for kind in block]
        assert kinds and set(kinds) <= BLOCKS, kinds
        assert all(len(block) == 1 for block in message["content"])
        assert "document" not in kinds or "text" in kinds, "a document needs text"
        if message["role"] == "assistant":
            assert not {"image", "document", "audio", "toolResult"} & set(kinds), kinds
        else:
            assert not {"toolUse", "reasoningContent"} & set(kinds), kinds
        for block in message["content"]:
            _check_block(block)


def _check_block(block: dict[str, Any]) -> None:
    match block:
        case {"text": text}:
            assert isinstance(text, str) and text.strip(), "The text field in the ContentBlock object is blank"
        case {"image": image}:
            assert image["format"] in ("png", "jpeg", "gif", "webp")
            b64decode(image["source"]["bytes"], validate=True)
        case {"document": document}:
            assert TITLE.fullmatch(document["name"]), document["name"]
            b64decode(document["source"]["bytes"], validate=True)
        case {"toolUse": call}:
            assert ID.fullmatch(call["toolUseId"]) and NAME.fullmatch(call["name"]), call
            assert isinstance(call["input"], dict)
        case {"toolResult": result}:
            assert ID.fullmatch(result["toolUseId"])
            assert result.get("status", "error") == "error"
            for inner in result["content"]:
                assert len(inner) == 1 and set(inner) <= IN_RESULTS
                _check_block(inner)
        case _:
            _check_rare(block)


def _check_rare(block: dict[str, Any]) -> None:
    point, content = block.get("cachePoint"), block.get("reasoningContent")
    if point is not None:
        assert point["type"] == "default" and point.get("ttl", "1h") in ("5m", "1h")
    if content is not None:
        assert len(content) == 1
        assert content.get("redactedContent") or content["reasoningText"]["signature"]


def _check_calls(messages: list[dict[str, Any]]) -> None:
    """Results of one turn are for the calls of the turn before, and stand before all else."""
    calls: set[str] = set()
    for message in messages:
        kinds = ["toolResult" in each for each in message["content"] if "cachePoint" not in each]
        assert kinds == sorted(kinds, reverse=True), "results come first"
        results = {each["toolResult"]["toolUseId"] for each in message["content"] if "toolResult" in each}
        assert results == calls or message["role"] == "system", (results, calls)
        calls = {each["toolUse"]["toolUseId"] for each in message["content"] if "toolUse" in each}


def _check_tools(body: dict[str, Any]) -> None:
    config = body.get("toolConfig")
    if config is None:
        assert not any("toolUse" in each or "toolResult" in each for each in _blocks(body)), "toolConfig is needed"
        return
    assert config["tools"]
    for tool in config["tools"]:
        if "cachePoint" in tool:
            continue
        spec = tool["toolSpec"]
        assert NAME.fullmatch(spec["name"]) and spec.get("description", "x")
        assert spec["inputSchema"]["json"].get("type")
    choice = config.get("toolChoice", {"auto": {}})
    assert len(choice) == 1 and set(choice) <= {"auto", "any", "tool"}
    fields = body.get("additionalModelRequestFields", {})
    assert "tool_choice" not in fields or "toolChoice" not in config, "the choice is told twice"
    if not {"any", "tool"}.isdisjoint(choice):
        assert fields.get("thinking", {}).get("type") not in ("enabled", "adaptive")


def _check_options(body: dict[str, Any]) -> None:
    limits = body.get("inferenceConfig", {"maxTokens": 1})
    assert limits and set(limits) <= LIMITS
    assert limits.get("maxTokens", 1) >= 1
    assert 0 <= limits.get("temperature", 0) <= 1 and 0 <= limits.get("topP", 0) <= 1
    assert all(limits.get("stopSequences", ["x"]))
    config = body.get("outputConfig", {"effort": "low"})
    assert config and config.get("effort", "low") in EFFORTS
    if "textFormat" in config:
        assert config["textFormat"]["type"] == "json_schema"
        assert isinstance(config["textFormat"]["structure"]["jsonSchema"]["schema"], str)
    thinking = body.get("additionalModelRequestFields", {}).get("thinking", {})
    if thinking.get("type") == "enabled":
        assert 1024 <= thinking["budget_tokens"] < limits["maxTokens"]
        assert "temperature" not in limits
    assert len(body.get("requestMetadata", {"a": "b"})) in range(1, 17)
