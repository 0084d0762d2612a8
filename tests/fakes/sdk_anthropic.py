"""Anthropic's SDK, old and new: messages."""

from typing import Any

import anthropic

from tests.fakes.matrix_scenario import AND_THEN, Json, Line, Options, Part, Scenario, Words
from tests.fakes.sdk_pieces import Pieces

VERSION = anthropic.__version__
BUDGET = 2048


class Messages:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        url, key = task["url"], task["key"]
        self.client: Any = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, timeout=20)
        self.scenario = scenario
        self.next_model = task["next_model"]
        self.body: Json = {"model": task["model"], **options_of(scenario.options)}
        if scenario.system:
            block: Json = {"type": "text", "text": scenario.system}
            if scenario.options.caches:
                block["cache_control"] = {"type": "ephemeral"}
            self.body["system"] = [block]
        self.messages: list[Any] = [_message(line) for line in scenario.opening]

    def say(self, turn: int) -> Json:
        if turn:
            self._answer()
            self.body["model"] = self.next_model
        pieces = Pieces()
        if self.scenario.stream:
            with self.client.messages.stream(**self.body, messages=self.messages) as stream:
                for event in stream:
                    pieces.note(event.type == "content_block_delta")
                answer = stream.get_final_message()
        else:
            answer = self.client.messages.create(**self.body, messages=self.messages)
        self.content = [_kept(block) for block in answer.content]
        self.messages.append({"role": "assistant", "content": self.content})
        return {**outcome_of(answer), **pieces.told()}

    def _answer(self) -> None:
        tools = {each.name: each for each in self.scenario.options.tools}
        results = []
        for call in self.content:
            if call["type"] == "tool_use":
                tool = tools[call["name"]]
                result: Json = {"type": "tool_result", "tool_use_id": call["id"], "content": tool.result}
                results.append({**result, "is_error": True} if tool.fails else result)
        self.messages.append({"role": "user", "content": results or AND_THEN})


def open(task: Json, scenario: Scenario) -> Messages:
    return Messages(task, scenario)


def _kept(block: Any) -> Json:
    kept: Json = block.model_dump(exclude_none=True)
    kept.pop("parsed_output", None)
    kept.pop("caller", None)
    return kept


def _message(line: Line) -> Json:
    if len(line.parts) == 1 and isinstance(line.parts[0], Words):
        return {"role": line.role, "content": line.parts[0].text}
    return {"role": line.role, "content": [_part(each) for each in line.parts]}


def _part(part: Part) -> Json:
    if isinstance(part, Words):
        return {"type": "text", "text": part.text}
    source = {"type": "base64", "media_type": part.media_type, "data": part.data}
    if part.url:
        source = {"type": "url", "url": part.url}
    return {"type": "image" if part.is_picture else "document", "source": source}


def options_of(options: Options) -> Json:
    """What the newest has no parameters for goes beside."""
    body: Json = {"max_tokens": options.max_tokens}
    beside: Json = dict(options.extra)
    for name in ("temperature", "top_p"):
        if getattr(options, name) is not None:
            beside[name] = getattr(options, name)
    if options.tools:
        body["tools"] = [
            {"name": each.name, "description": "A tool.", "input_schema": each.parameters}
            | ({"strict": True} if each.strict else {})
            for each in options.tools
        ]
    choice: Json = {}
    if options.choice:
        words = {"auto": "auto", "required": "any", "none": "none"}
        choice = {"type": words.get(options.choice, "tool")}
        if choice["type"] == "tool":
            choice["name"] = options.choice
    if options.parallel is not None:
        choice = {"type": "auto", **choice, "disable_parallel_tool_use": not options.parallel}
    if options.schema is not None:
        beside["output_config"] = {"format": {"type": "json_schema", "schema": options.schema}}
    rest = {
        "tool_choice": choice,
        "stop_sequences": list(options.stop),
        "metadata": {"user_id": options.user} if options.user else None,
        "thinking": {"type": "enabled", "budget_tokens": BUDGET} if options.effort else None,
        "extra_body": beside,
    }
    return body | {name: value for name, value in rest.items() if value}


def outcome_of(answer: Any) -> Json:
    usage = answer.usage
    cached = usage.cache_read_input_tokens or 0
    details = getattr(usage, "output_tokens_details", None)
    return {
        "text": "".join(block.text for block in answer.content if block.type == "text"),
        "thought": "".join(block.thinking for block in answer.content if block.type == "thinking"),
        "refusal": "",
        "calls": [
            {"id": block.id, "name": block.name, "arguments": block.input}
            for block in answer.content
            if block.type == "tool_use"
        ],
        "stop": answer.stop_reason,
        "sequence": answer.stop_sequence or "",
        "usage": {
            "input": usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0),
            "output": usage.output_tokens,
            "cached": cached,
            "reasoning": getattr(details, "thinking_tokens", 0) or 0,
        },
        "candidates": 1,
        "logprobs": [],
    }
