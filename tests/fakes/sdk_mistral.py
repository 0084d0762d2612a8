"""Mistral's SDK, whose API is OpenAI's chat completions with words of its own."""

import json
from importlib.metadata import version
from typing import Any

from mistralai.client import Mistral

from tests.fakes.matrix_scenario import AND_THEN, Json, Scenario
from tests.fakes.sdk_openai_chat import opening_of, options_of

VERSION = version("mistralai")
RENAMED = {"seed": "random_seed", "max_completion_tokens": "max_tokens"}
ABSENT = frozenset(("logprobs", "user"))


class Chat:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        self.client: Any = Mistral(api_key=task["key"], server_url=task["url"], timeout_ms=20_000)
        self.scenario = scenario
        options = options_of(scenario.options, thinks=scenario.thinks)
        named = {RENAMED.get(name, name): value for name, value in options.items() if name not in ABSENT}
        self.body: Json = {"model": task["model"], **named}
        self.messages = opening_of(scenario)

    def say(self, turn: int) -> Json:
        if turn:
            self._answer()
        if self.scenario.stream:
            return self._streamed()
        answer = self.client.chat.complete(**self.body, messages=self.messages)
        choice = answer.choices[0]
        self.messages.append(choice.message.model_dump(exclude_none=True))
        calls = [_call(each) for each in choice.message.tool_calls or ()]
        return outcome_of(choice.message.content or "", calls, choice.finish_reason, answer.usage, len(answer.choices))

    def _streamed(self) -> Json:
        """The SDK gives chunks; a caller puts them together."""
        text, stop, usage, candidates = "", "", None, {0}
        calls: dict[int, Json] = {}
        for event in self.client.chat.stream(**self.body, messages=self.messages):
            chunk = event.data
            usage = chunk.usage or usage
            candidates |= {each.index for each in chunk.choices}
            for choice in chunk.choices:
                if choice.index:
                    continue
                text += choice.delta.content or ""
                stop = choice.finish_reason or stop
                for each in choice.delta.tool_calls or ():
                    kept = calls.setdefault(each.index, {"id": "", "name": "", "arguments": ""})
                    kept["id"] = kept["id"] or (each.id if each.id != "null" else "")
                    kept["name"] = kept["name"] or each.function.name
                    kept["arguments"] += each.function.arguments or ""
        if not stop:
            raise EOFError("the stream has no end")
        made = [{**each, "arguments": json.loads(each["arguments"])} for each in calls.values()]
        message: Json = {"role": "assistant", "content": text}
        if made:
            message["tool_calls"] = [
                {"id": each["id"], "function": {"name": each["name"], "arguments": each["arguments"]}}
                for each in calls.values()
            ]
        self.messages.append(message)
        return {**outcome_of(text, made, stop, usage, len(candidates)), "pieces": 2}

    def _answer(self) -> None:
        calls = self.messages[-1].get("tool_calls")
        tools = {each.name: each for each in self.scenario.options.tools}
        for call in calls or ():
            result = tools[call["function"]["name"]].result
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
        if not calls:
            self.messages.append({"role": "user", "content": AND_THEN})


def open(task: Json, scenario: Scenario) -> Chat:
    return Chat(task, scenario)


def _call(call: Any) -> Json:
    given = call.function.arguments
    arguments = json.loads(given) if isinstance(given, str) else given
    return {"id": call.id, "name": call.function.name, "arguments": arguments}


def outcome_of(text: Any, calls: list[Json], stop: Any, usage: Any, candidates: int) -> Json:
    if usage is None:  # in streams, who speaks OpenAI's API has to ask for it, which this SDK does not
        return _outcome(text, calls, stop, None, candidates)
    details = getattr(usage, "prompt_tokens_details", None)
    cached = details.get("cached_tokens", 0) if isinstance(details, dict) else getattr(details, "cached_tokens", 0)
    used = {"input": usage.prompt_tokens, "output": usage.completion_tokens, "cached": cached or 0, "reasoning": 0}
    return _outcome(text, calls, stop, used, candidates)


def _outcome(text: Any, calls: list[Json], stop: Any, used: Json | None, candidates: int) -> Json:
    return {
        "text": text if isinstance(text, str) else "".join(getattr(part, "text", "") for part in text),
        "thought": "",
        "refusal": "",
        "calls": calls,
        "stop": stop,
        "sequence": "",
        "usage": used,
        "candidates": candidates,
        "logprobs": [],
        "pieces": 0,
    }
