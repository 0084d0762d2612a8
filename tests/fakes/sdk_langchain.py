"""LangChain's client of OpenAI: chat completions as those that build on it get them."""

from importlib.metadata import version
from typing import Any

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI

from tests.fakes.matrix_scenario import AND_THEN, Json, Scenario
from tests.fakes.sdk_openai_chat import opening_of, options_of

VERSION = version("langchain-openai")
BOUND = ("tools", "tool_choice", "parallel_tool_calls", "response_format", "user")
NAMED = ("temperature", "top_p", "seed", "n", "logprobs", "stop", "reasoning_effort")


class Chat:
    def __init__(self, task: Json, scenario: Scenario) -> None:
        options = options_of(scenario.options, thinks=scenario.thinks)
        named = {name: options[name] for name in NAMED if name in options}
        model: Any = ChatOpenAI(
            model=task["model"],
            base_url=task["url"] + "/v1",
            api_key=task["key"],
            max_retries=0,
            timeout=20,
            stream_usage=True,
            max_completion_tokens=scenario.options.max_tokens,
            use_responses_api=False,
            extra_body=dict(scenario.options.extra) or None,
            **named,
        )
        self.model = model.bind(**{name: options[name] for name in BOUND if name in options})
        self.scenario = scenario
        self.messages: list[Any] = opening_of(scenario)

    def say(self, turn: int) -> Json:
        if turn:
            self._answer()
        pieces = 0
        if self.scenario.stream:
            answer: Any = None
            for chunk in self.model.stream(self.messages):
                answer = chunk if answer is None else answer + chunk
                pieces += bool(chunk.content)
        else:
            answer = self.model.invoke(self.messages)
        self.messages.append(answer)
        return {**outcome_of(answer), "pieces": pieces}

    def _answer(self) -> None:
        tools = {each.name: each for each in self.scenario.options.tools}
        calls = self.messages[-1].tool_calls
        for call in calls:
            self.messages.append(ToolMessage(tools[call["name"]].result, tool_call_id=call["id"]))
        if not calls:
            self.messages.append(HumanMessage(AND_THEN))


def open(task: Json, scenario: Scenario) -> Chat:
    return Chat(task, scenario)


def outcome_of(answer: Any) -> Json:
    usage, details = answer.usage_metadata, answer.response_metadata
    logprobs = details.get("logprobs") or {}
    return {
        "text": answer.content if isinstance(answer.content, str) else "",
        "thought": "",
        "refusal": answer.additional_kwargs.get("refusal") or "",
        "calls": [{"id": each["id"], "name": each["name"], "arguments": each["args"]} for each in answer.tool_calls],
        "stop": details["finish_reason"],
        "sequence": "",
        "usage": {
            "input": usage["input_tokens"],
            "output": usage["output_tokens"],
            "cached": usage.get("input_token_details", {}).get("cache_read", 0),
            "reasoning": usage.get("output_token_details", {}).get("reasoning", 0),
        },
        "candidates": 1,
        "logprobs": [each["token"] for each in logprobs.get("content") or ()],
    }
